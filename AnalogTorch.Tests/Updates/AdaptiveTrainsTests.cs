using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Updates;

public class AdaptiveTrainsTests
{
    private const double Rate = 0.01, Step = 0.001;

    [Theory]
    [InlineData(1, 0.05, 1)]
    [InlineData(1, 0.11, 2)]
    [InlineData(2, 0.5, 10)]
    [InlineData(2, 40, 31)]
    [InlineData(1, 0, 1)]
    public void TrainsAreAsLongAsTheLargestProductNeeds(double input, double error, int slots) =>
        Assert.Equal(slots, new AdaptiveTrains().SlotsOf(input, error, Rate, Step));

    [Theory]
    [InlineData(0.6, -0.3, false)]
    [InlineData(-1.5, 0.4, false)]
    [InlineData(0.9, 0.1, false)]
    [InlineData(0.9, 0.1, true)]
    public void TheMeanIsRateTimesGradientAndTheVarianceThatOfTheLength(double x, double delta, bool onDevice)
    {
        var q = Rate * Math.Abs(x * delta) / (Slots * Step);
        var mean = -Rate * x * delta;
        float[] Changes(int count, Rng rng) => ChangesOf(new AdaptiveTrains(), x, delta, onDevice, count, rng);
        Stat.Mean(Changes).Is(mean, Math.Sqrt(Slots * q * (1 - q)) * Step, detect: 0.03 * Math.Abs(mean));
        Stat.Variance(Changes).Is(Slots * q * (1 - q) * Step * Step, detect: 0.05, kurtosis: 3 + (1 - 6 * q * (1 - q)) / (Slots * q * (1 - q)));
    }

    [Theory]
    [InlineData(0.6, -0.3, false)]
    [InlineData(-1.5, 0.4, false)]
    [InlineData(0.9, 0.1, false)]
    [InlineData(2, 0.13, false)]
    [InlineData(0.9, 0.1, true)]
    [InlineData(2, 0.13, true)]
    public void CountedPulsesHaveTheSameMeanAndOnlyTheNoiseOfRounding(double x, double delta, bool onDevice)
    {
        // Balanced lines: p(x) = √(q₀)·|x|/2 and p(δ) = √(q₀)·|δ|/0.79, with q₀ = 0.01·2·0.79/(16·0.001).
        var most = Math.Sqrt(Rate * LargestInput * LargestError / (Slots * Step));
        var (input, pulses) = (most * Math.Abs(x) / LargestInput, Slots * most * Math.Abs(delta) / LargestError);
        var left = pulses - Math.Floor(pulses);
        double Rounded(double number) => (number - Math.Floor(number)) * (1 - number + Math.Floor(number));
        var ofInputs = (1 - left) * Rounded(Math.Floor(pulses) * input) + left * Rounded((Math.Floor(pulses) + 1) * input);
        var (mean, variance) = (-Rate * x * delta, Step * Step * (ofInputs + input * input * left * (1 - left)));
        float[] Changes(int count, Rng rng) => ChangesOf(new CountedTrains(), x, delta, onDevice, count, rng);
        Stat.Mean(Changes).Is(mean, Math.Sqrt(variance), detect: 0.03 * Math.Abs(mean));
        Stat.Variance(Changes).Is(variance, detect: 0.05, kurtosis: 4);
        // What a pulse on both lines with the same probabilities would scatter, and what the line itself does.
        Assert.True(variance < 0.9 * Step * Step * Slots * (pulses / Slots * input) * (1 - pulses / Slots * input));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnErrorLineHoldsAsManyPulsesAsItsErrorAsksForOrOneMore(bool onDevice)
    {
        using var scope = NewDisposeScope();
        using var trains = new PulseTrains(1, 5) { HasBias = false };
        var errors = tensor(new[] { 0.79f, 0.5f, -0.3f, 0.02f, 0f }).expand(200, 5).contiguous();
        Draw(new CountedTrains(), full([200, 1], 2f), errors, onDevice, new Rng(1), trains);
        for (var sample = 0; sample < 200; sample++)
        {
            var words = trains.Outputs[sample].data<int>().ToArray();
            for (var line = 0; line < 5; line++)
            {
                var (asked, word) = (Slots * Math.Sqrt(Rate * 2 * 0.79 / (Slots * Step)) * Math.Abs(errors[0, line].item<float>()) / 0.79, words[line] & TrainPair.Slots);
                Assert.InRange(System.Numerics.BitOperations.PopCount((uint)word), Math.Floor(asked), Math.Ceiling(asked));
                Assert.Equal(0u, (uint)word & ((uint)word + 1)); // one slot after another, from the first
            }
        }
    }

    // Largest input 2 and error 0.79 of the sample are those of other lines: BL = ⌈0.01·2·0.79/0.001⌉ = 16.
    private const int Slots = 16;
    private const double LargestInput = 2, LargestError = 0.79;

    /// <summary>Every sample is an example of its own, on a device of its own: coincidences of the first lines.</summary>
    private static float[] ChangesOf(PulseScheme scheme, double x, double delta, bool onDevice, int count, Rng rng)
    {
        using var scope = NewDisposeScope();
        using var trains = new PulseTrains(2, 2) { HasBias = false };
        var inputs = tensor(new[] { (float)x, (float)LargestInput }).expand(count, 2).contiguous();
        var errors = tensor(new[] { (float)delta, (float)LargestError }).expand(count, 2).contiguous();
        Draw(scheme, inputs, errors, onDevice, rng, trains);
        Assert.Equal((long)Slots * count, trains.SlotsSent);
        var (a, b) = (trains.Inputs.narrow(0, 0, count).select(1, 0).data<int>().ToArray(), trains.Outputs.narrow(0, 0, count).select(1, 0).data<int>().ToArray());
        return [.. a.Zip(b, (i, o) => (float)(((i ^ o) < 0 ? -Step : Step) * System.Numerics.BitOperations.PopCount((uint)(i & o & TrainPair.Slots))))];
    }

    private static void Draw(PulseScheme scheme, Tensor inputs, Tensor errors, bool onDevice, Rng rng, PulseTrains trains)
    {
        if (!onDevice)
        {
            scheme.Draw(inputs, errors, Rate, Step, rng, trains);
            return;
        }
        trains.Resize((int)inputs.shape[0], CPU);
        if (scheme is CountedTrains rounded)
            rounded.DrawOnDevice(inputs, errors, Rate / Step, rng, trains);
        else
            ((AdaptiveTrains)scheme).DrawOnDevice(inputs, errors, Rate / Step, rng, trains);
    }
}
