using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>Random trains whose pulse probabilities are proportional to |x| and |δ|.</summary>
/// <remarks>
/// P(x) = C·g·|x| and P(δ) = C·|δ|/g a slot, with C = √(rate/(BitLength·Δw)); the mean update is rate·x·δ as long as no
/// probability saturates (Gokmen, Vlasov 2016). With balancing, g = √(max|δ|/max|x|) of the sample, so that input and output lines reach
/// the same highest probability (update management, as in IBM aihwkit). Where a bias is in the array, its constant input of 1 is one of the inputs.
/// </remarks>
public sealed record StochasticTrains : PulseScheme
{
    /// <summary>Number of slots in a train (BL).</summary>
    [Unit("1")]
    public int BitLength { get; init => field = Within(value, 1, 31); } = 10;

    /// <summary>How probability is shared between the two lines.</summary>
    public TrainGain Gain { get; init => field = NotNull(value); } = new BalancedGain();

    /// <inheritdoc/>
    public override void Draw(Tensor x, Tensor delta, double rate, double weightStep, Rng rng, PulseTrains trains)
    {
        trains.Resize((int)x.shape[0], x.device);
        var gain = (float)Math.Sqrt(rate / (BitLength * weightStep));
        if (x.device.type == DeviceType.CPU)
            DrawInHostMemory(x, delta, gain, rng, trains);
        else
            DrawOnDevice(x, delta, gain, rng, trains);
    }

    /// <inheritdoc/>
    /// <remarks>Binomial: BitLength slots, in each of which both lines have a pulse with P(x)·P(δ).</remarks>
    public override Moments Coincidences(double x, double delta, in TrainSample sample)
    {
        var (c, g) = (Math.Sqrt(sample.Rate / (BitLength * sample.WeightStep)), Gain.Share(sample.LargestInput, sample.LargestError));
        var both = Math.Min(c * g * Math.Abs(x), 1) * Math.Min(c / g * Math.Abs(delta), 1);
        return new(-Math.Sign(x * delta) * BitLength * both, Math.Sqrt(BitLength * both * (1 - both)));
    }

    /// <summary>What stands on the line of the constant input, if there is one.</summary>
    private static float LargestConstant(PulseTrains trains) => trains.HasBias ? 1 : 0;

    private void DrawInHostMemory(Tensor x, Tensor delta, float gain, Rng rng, PulseTrains trains)
    {
        ReadOnlySpan<float> one = [1f];
        var leastInput = LargestConstant(trains);
        var inputs = new TrainSampler.Rows<float>(x, trains.InputCount);
        var errors = new TrainSampler.Rows<float>(delta, trains.OutputCount);
        var inputWords = new TrainSampler.Rows<uint>(trains.Inputs, trains.ForWeights.InputStride);
        var errorWords = new TrainSampler.Rows<uint>(trains.Outputs, trains.ForWeights.OutputStride);
        var biasWords = new TrainSampler.Rows<uint>(trains.Bias, trains.ForBias.OutputStride);
        for (var sample = 0; sample < trains.Samples; sample++)
        {
            var share = Gain.InputShare(MathF.Max(TrainSampler.AbsMax(inputs[sample]), leastInput), TrainSampler.AbsMax(errors[sample]));
            TrainSampler.Stochastic(
                new(inputs[sample], gain * share, inputWords[sample]), new(errors[sample], gain / share, errorWords[sample]), new(one, gain * share, biasWords[sample]),
                BitLength, rng.Split(sample).Key);
        }
    }

    internal void DrawOnDevice(Tensor x, Tensor delta, float gain, Rng rng, PulseTrains trains)
    {
        using var scope = NewDisposeScope();
        var share = Gain.InputShare(x.abs().amax([1], keepdim: true).clamp_min_(LargestConstant(trains)), delta.abs().amax([1], keepdim: true));
        Fill(trains.Inputs, x * share * gain, "x");
        Fill(trains.Outputs, -delta / share * gain, "delta");
        Fill(trains.Bias, share * gain, "bias");

        void Fill(Tensor words, Tensor probabilities, string name)
        {
            words.zero_();
            var uniform = Noise.Uniform(rng.Split(name), [BitLength, .. probabilities.shape], x.device);
            var slots = ones(BitLength, ScalarType.Int32, x.device).bitwise_left_shift(arange(BitLength, ScalarType.Int32, x.device)).view(-1, 1, 1);
            var bits = ((uniform < probabilities.abs()).to(ScalarType.Int32) * slots).sum(0, type: ScalarType.Int32);
            var signed = where(probabilities < 0, bits | int.MinValue, bits);
            words.narrow(0, 0, signed.shape[0]).narrow(1, 0, signed.shape[1]).copy_(signed);
        }
    }
}

/// <summary>How pulse probability is shared between input and output lines.</summary>
public abstract record TrainGain : HardwareConfig
{
    /// <summary>Factor on the probabilities of the input lines; those of the output lines are divided by it.</summary>
    /// <param name="inputMax">Largest |x| of the sample.</param>
    /// <param name="deltaMax">Largest |δ| of the sample.</param>
    public abstract float InputShare(float inputMax, float deltaMax);

    /// <inheritdoc cref="InputShare(float, float)"/>
    public abstract Tensor InputShare(Tensor inputMax, Tensor deltaMax);

    /// <summary>The factor in plain numbers, written apart from the others and held against them by laws.</summary>
    /// <inheritdoc cref="InputShare(float, float)"/>
    public abstract double Share(double inputMax, double deltaMax);
}

/// <summary>The same gain on both sides, as first published; large values saturate.</summary>
public sealed record EqualGain : TrainGain
{
    /// <inheritdoc/>
    public override float InputShare(float inputMax, float deltaMax) => 1;

    /// <inheritdoc/>
    public override Tensor InputShare(Tensor inputMax, Tensor deltaMax) => ones_like(inputMax);

    /// <inheritdoc/>
    public override double Share(double inputMax, double deltaMax) => 1;
}

/// <summary>Gains that give both sides of a sample the same highest probability.</summary>
public sealed record BalancedGain : TrainGain
{
    /// <inheritdoc/>
    public override float InputShare(float inputMax, float deltaMax) =>
        inputMax > 0 && deltaMax > 0 ? MathF.Sqrt(deltaMax / inputMax) : 1;

    /// <inheritdoc/>
    public override Tensor InputShare(Tensor inputMax, Tensor deltaMax) =>
        where((inputMax > 0).logical_and(deltaMax > 0), (deltaMax / inputMax).sqrt(), ones_like(inputMax));

    /// <inheritdoc/>
    public override double Share(double inputMax, double deltaMax) => inputMax * deltaMax > 0 ? Math.Sqrt(deltaMax) / Math.Sqrt(inputMax) : 1;
}
