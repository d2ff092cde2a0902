using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>Trains as long as a sample needs, whose error lines count their pulses: as many as the error asks for, and one more by chance for what is left over.</summary>
/// <remarks>
/// <para>
/// The length is that of <see cref="AdaptiveTrains"/>, and so are the probabilities p(x) and p(δ). An error line has its pulses in the first ⌊BL·p(δ)⌋ slots, and in the next
/// one with the probability that is left over; an input line has one in each slot with p(x). The mean update is rate·x·δ as of random trains. With n slots that hold an error
/// and f the part of BL·p(δ) behind the point, the variance of coincidences is ⟨n⟩·p(x)·(1 − p(x)) + p(x)²·f·(1 − f).
/// </para>
/// <para>
/// What an error line does by chance, it does at all inputs together, along their mean, where the loss is steepest: with many large inputs this noise limits the learning
/// rate, while that of input lines averages out over the inputs. Counting removes most of it at no price. Chosen here; the rounding by chance is that of stochastic rounding.
/// </para>
/// </remarks>
public sealed record RoundedTrains : PulseScheme
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
            Length.Draw(x, delta, rate, weightStep, rng, trains, TrainSampler.Rounded);
        else
            DrawOnDevice(x, delta, rate / weightStep, rng, trains);
    }

    /// <inheritdoc/>
    public override Moments Coincidences(double x, double delta, in TrainSample sample)
    {
        var (slots, input, error) = Length.Probabilities(x, delta, sample);
        var left = slots * error - Math.Floor(slots * error);
        return new(-Math.Sign(x * delta) * slots * error * input, Math.Sqrt(slots * error * input * (1 - input) + input * input * left * (1 - left)));
    }

    internal void DrawOnDevice(Tensor x, Tensor delta, double ratePerStep, Rng rng, PulseTrains trains) =>
        Length.DrawOnDevice(x, delta, ratePerStep, rng, trains, areErrorsRounded: true);
}
