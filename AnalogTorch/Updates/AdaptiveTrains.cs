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
    private const int MostOfWord = 31;

    /// <summary>Most slots in a train.</summary>
    [Unit("1")]
    public int MostSlots { get; init => field = Within(value, 1, MostOfWord); } = MostOfWord;

    /// <summary>How probability is shared between the two lines.</summary>
    public TrainGain Gain { get; init => field = NotNull(value); } = new BalancedGain();

    /// <summary>Slots that a sample takes.</summary>
    /// <param name="largestInput">Largest |x|, that of a constant input included.</param>
    /// <param name="largestError">Largest |δ|.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="weightStep">Mean weight change (w) by one coincidence.</param>
    public int SlotsOf(double largestInput, double largestError, double rate, double weightStep) =>
        (int)Math.Clamp(Math.Ceiling(rate * largestInput * largestError / weightStep), 1, MostSlots);

    /// <inheritdoc/>
    public override void Draw(Tensor x, Tensor delta, double rate, double weightStep, Rng rng, PulseTrains trains)
    {
        trains.Resize((int)x.shape[0], x.device);
        if (x.device.type != DeviceType.CPU)
        {
            DrawOnDevice(x, delta, rate / weightStep, rng, trains);
            return;
        }
        ReadOnlySpan<float> one = [1f];
        var inputs = new TrainSampler.Rows<float>(x, trains.InputCount);
        var errors = new TrainSampler.Rows<float>(delta, trains.OutputCount);
        var inputWords = new TrainSampler.Rows<uint>(trains.Inputs, trains.ForWeights.InputStride);
        var errorWords = new TrainSampler.Rows<uint>(trains.Outputs, trains.ForWeights.OutputStride);
        var biasWords = new TrainSampler.Rows<uint>(trains.Bias, trains.ForBias.OutputStride);
        for (var sample = 0; sample < trains.Samples; sample++)
        {
            var (largest, error) = (MathF.Max(TrainSampler.AbsMax(inputs[sample]), trains.HasBias ? 1 : 0), TrainSampler.AbsMax(errors[sample]));
            var slots = SlotsOf(largest, error, rate, weightStep);
            var (gain, share) = ((float)Math.Sqrt(rate / (slots * weightStep)), Gain.InputShare(largest, error));
            TrainSampler.Stochastic(
                new(inputs[sample], gain * share, inputWords[sample]), new(errors[sample], gain / share, errorWords[sample]), new(one, gain * share, biasWords[sample]),
                slots, rng.Split(sample).Key);
            trains.SlotsSent += slots;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Binomial, as of <see cref="StochasticTrains"/>, with as many slots as the largest product of the sample asks for.</remarks>
    public override Moments Coincidences(double x, double delta, in TrainSample sample)
    {
        var pulses = sample.Rate / sample.WeightStep;
        var slots = Math.Min(Math.Max(Math.Ceiling(pulses * sample.LargestInput * sample.LargestError), 1), MostSlots);
        var g = Gain.Share(sample.LargestInput, sample.LargestError);
        var both = Math.Min(Math.Sqrt(pulses / slots) * g * Math.Abs(x), 1) * Math.Min(Math.Sqrt(pulses / slots) / g * Math.Abs(delta), 1);
        return new(-Math.Sign(x * delta) * slots * both, Math.Sqrt(slots * both * (1 - both)));
    }

    internal void DrawOnDevice(Tensor x, Tensor delta, double ratePerStep, Rng rng, PulseTrains trains)
    {
        using var scope = NewDisposeScope();
        var (largest, error) = (x.abs().amax([1], keepdim: true).clamp_min_(trains.HasBias ? 1 : 0), delta.abs().amax([1], keepdim: true));
        var slots = (largest * error * (float)ratePerStep).ceil_().clamp_(1, MostSlots);
        var (gain, share) = (((float)ratePerStep / slots).sqrt_(), Gain.InputShare(largest, error));
        Fill(trains.Inputs, x * share * gain, "x");
        Fill(trains.Outputs, -delta / share * gain, "delta");
        Fill(trains.Bias, share * gain, "bias");
        trains.SlotsSent += slots.sum().to(ScalarType.Int64).item<long>();

        void Fill(Tensor words, Tensor probabilities, string name)
        {
            words.zero_();
            var place = arange(MostSlots, ScalarType.Int32, x.device).view(-1, 1, 1);
            var hit = (Noise.Uniform(rng.Split(name), [MostSlots, .. probabilities.shape], x.device) < probabilities.abs()).logical_and_(place < slots);
            var bits = (hit.to(ScalarType.Int32) * ones_like(place).bitwise_left_shift(place)).sum(0, type: ScalarType.Int32);
            var signed = where(probabilities < 0, bits | int.MinValue, bits);
            words.narrow(0, 0, signed.shape[0]).narrow(1, 0, signed.shape[1]).copy_(signed);
        }
    }
}
