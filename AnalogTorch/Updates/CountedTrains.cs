using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>Trains as long as a sample needs, whose pulses are counted and not drawn slot by slot: only what is left of a pulse is left to chance.</summary>
/// <remarks>
/// <para>
/// The length is that of <see cref="AdaptiveTrains"/>, and so are the probabilities p(x) and p(δ) of a slot. An error line has its pulses in the first ⌊BL·p(δ)⌋ slots, and in the next one with the
/// probability that is left over. An input line adds p(x) up, slot by slot, from a random number u on, and has a pulse each time that the sum passes a whole number, as a sigma-delta converter has. Where n
/// slots hold an error, ⌊u + n·p(x)⌋ of them coincide: the product, rounded by chance. So the mean update is rate·x·δ as of random trains, and with f(z) the part of z behind the point its variance in
/// coincidences is ⟨f(n·p(x))·(1 − f(n·p(x)))⟩ + p(x)²·f(BL·p(δ))·(1 − f(BL·p(δ))), at most 1/2 however many pulses there are.
/// </para>
/// <para>
/// What an error line does by chance, it does at all inputs together, along their mean, where the loss is steepest: with many large inputs this noise limits the learning
/// rate. Where inputs are few, that of their lines does not average out either. Counting removes both at no price: the same slots, and one random number a line. Chosen here.
/// </para>
/// </remarks>
public sealed record CountedTrains : PulseScheme
{
    /// <summary>Most slots in a train.</summary>
    [Unit("1")]
    public int MostSlots { get; init => field = Within(value, 1, TrainLength.OfWord); } = TrainLength.OfWord;

    /// <summary>How probability is shared between the two lines.</summary>
    public TrainGain Gain { get; init => field = NotNull(value); } = new BalancedGain();

    private TrainLength Length => new(MostSlots, Gain);

    /// <inheritdoc/>
    public override void Draw(Tensor x, Tensor delta, double rate, double weightStep, Rng rng, PulseTrains trains)
    {
        if (x.device.type == DeviceType.CPU)
            Length.Draw(x, delta, rate, weightStep, rng, trains, TrainSampler.Counted);
        else
            DrawOnDevice(x, delta, rate / weightStep, rng, trains);
    }

    /// <inheritdoc/>
    public override Moments Coincidences(double x, double delta, in TrainSample sample)
    {
        var (slots, input, error) = Length.Probabilities(x, delta, sample);
        var (whole, left) = (Math.Floor(slots * error), slots * error - Math.Floor(slots * error));
        var ofInputs = (1 - left) * Rounding(whole * input) + left * Rounding((whole + 1) * input);
        return new(-Math.Sign(x * delta) * slots * error * input, Math.Sqrt(ofInputs + input * input * Rounding(left)));
    }

    /// <summary>Variance of a number that is rounded by chance.</summary>
    private static double Rounding(double number)
    {
        var part = number - Math.Floor(number);
        return part * (1 - part);
    }

    internal void DrawOnDevice(Tensor x, Tensor delta, double ratePerStep, Rng rng, PulseTrains trains) =>
        Length.DrawOnDevice(x, delta, ratePerStep, rng, trains, isCounted: true);
}
