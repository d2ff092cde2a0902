using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>Random trains that are as long as a sample needs: no line saturates, and small errors take few slots.</summary>
/// <remarks>
/// Each sample has BL = min(⌈rate·max|x|·max|δ|/Δw⌉, MostSlots) slots, at least one, with the probabilities of <see cref="StochasticTrains"/> of that length: the mean
/// update is rate·x·δ, its variance BL·Δw²·q(1 − q) with q = rate·|x·δ|/(BL·Δw) (Gokmen, Vlasov 2016; the length as in IBM aihwkit's update management). The hardware
/// needs the largest input and error of a sample, which converters of either side give, and spends the time of the slots that are sent.
/// </remarks>
public sealed record AdaptiveTrains : PulseScheme
{
    /// <summary>Most slots in a train.</summary>
    [Unit("1")]
    public int MostSlots { get; init => field = Within(value, 1, TrainLength.OfWord); } = TrainLength.OfWord;

    /// <summary>How probability is shared between the two lines.</summary>
    public TrainGain Gain { get; init => field = NotNull(value); } = new BalancedGain();

    /// <summary>Slots that a sample takes.</summary>
    /// <inheritdoc cref="TrainLength.Of" path="/param"/>
    public int SlotsOf(double largestInput, double largestError, double rate, double weightStep) => Length.Of(largestInput, largestError, rate, weightStep);

    private TrainLength Length => new(MostSlots, Gain);

    /// <inheritdoc/>
    public override void Draw(Tensor x, Tensor delta, double rate, double weightStep, Rng rng, PulseTrains trains)
    {
        if (x.device.type == DeviceType.CPU)
            Length.Draw(x, delta, rate, weightStep, rng, trains, TrainSampler.Stochastic);
        else
            DrawOnDevice(x, delta, rate / weightStep, rng, trains);
    }

    /// <inheritdoc/>
    /// <remarks>Binomial, as of <see cref="StochasticTrains"/>, with as many slots as the largest product of the sample asks for.</remarks>
    public override Moments Coincidences(double x, double delta, in TrainSample sample)
    {
        var (slots, first, second) = Length.Probabilities(x, delta, sample);
        return new(-Math.Sign(x * delta) * slots * first * second, Math.Sqrt(slots * first * second * (1 - first * second)));
    }

    internal void DrawOnDevice(Tensor x, Tensor delta, double ratePerStep, Rng rng, PulseTrains trains) =>
        Length.DrawOnDevice(x, delta, ratePerStep, rng, trains, isCounted: false);
}
