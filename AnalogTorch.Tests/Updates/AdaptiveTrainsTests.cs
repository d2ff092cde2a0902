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
        // Largest input 2 and error 0.79 of the sample are those of other lines: BL = ⌈0.01·2·0.79/0.001⌉ = 16.
        const int slots = 16;
        const double largestInput = 2, largestError = 0.79;
        var q = Rate * Math.Abs(x * delta) / (slots * Step);
        var mean = -Rate * x * delta;
        Stat.Mean(Changes).Is(mean, Math.Sqrt(slots * q * (1 - q)) * Step, detect: 0.03 * Math.Abs(mean));
        Stat.Variance(Changes).Is(slots * q * (1 - q) * Step * Step, detect: 0.05, kurtosis: 3 + (1 - 6 * q * (1 - q)) / (slots * q * (1 - q)));

        // Every sample is an example of its own, on a device of its own: coincidences of the first lines.
        float[] Changes(int count, Rng rng)
        {
            using var scope = NewDisposeScope();
            using var trains = new PulseTrains(2, 2) { HasBias = false };
            var (inputs, errors) = (tensor(new[] { (float)x, (float)largestInput }).expand(count, 2).contiguous(), tensor(new[] { (float)delta, (float)largestError }).expand(count, 2).contiguous());
            var scheme = new AdaptiveTrains();
            if (onDevice)
            {
                trains.Resize(count, CPU);
                scheme.DrawOnDevice(inputs, errors, Rate / Step, rng, trains);
            }
            else
            {
                scheme.Draw(inputs, errors, Rate, Step, rng, trains);
            }
            Assert.Equal((long)slots * count, trains.SlotsSent);
            var (a, b) = (trains.Inputs.narrow(0, 0, count).select(1, 0).data<int>().ToArray(), trains.Outputs.narrow(0, 0, count).select(1, 0).data<int>().ToArray());
            return [.. a.Zip(b, (i, o) => (float)(((i ^ o) < 0 ? -Step : Step) * System.Numerics.BitOperations.PopCount((uint)(i & o & TrainPair.Slots))))];
        }
    }
}
