using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>How an input and an error become pulse trains on the two lines of a cell.</summary>
/// <remarks>
/// A cell is pulsed wherever the pulses of its input line and of its output line coincide, so that the weight moves by about
/// −rate·δ·x, and no line needs to know the other's value.
/// </remarks>
public abstract record PulseScheme : UpdateScheme
{
    /// <summary>How large pulses are.</summary>
    public PulseSize Size { get; init => field = NotNull(value); } = new FullPulses();

    /// <inheritdoc/>
    public override bool ShrinksPulses => Size is not FullPulses;

    /// <inheritdoc/>
    public sealed override void Apply(Tensor x, Tensor delta, double rate, Rng rng, PulseTrains trains, IUpdatable weights, IUpdatable? bias)
    {
        trains.HasBias = bias is not null;
        var trainRate = weights.TrainRate(x, delta, rate);
        var size = Size.Of(new PulseDemand(trainRate, Size.LooksAtSamples ? LargestProduct(x, delta, trains) : double.NaN, weights.WeightStep));
        Draw(x, delta, trainRate, weights.WeightStep * size, rng, trains);
        weights.Update(trains.ForWeights with { Size = size, Rate = rate, TrainRate = trainRate });
        bias?.Update(trains.ForBias with { Size = size, Rate = rate, TrainRate = trainRate });
    }

    /// <summary>Largest product that a sample asks for.</summary>
    private static double LargestProduct(Tensor x, Tensor delta, PulseTrains trains)
    {
        var (samples, constant) = ((int)x.shape[0], trains.HasBias ? 1f : 0f);
        if (x.device.type != DeviceType.CPU)
        {
            using var scope = NewDisposeScope();
            return x.abs().amax([1]).clamp_min_(constant).mul_(delta.abs().amax([1])).max().item<float>();
        }
        var inputs = new TrainSampler.Rows<float>(x, trains.InputCount);
        var errors = new TrainSampler.Rows<float>(delta, trains.OutputCount);
        var largest = 0f;
        for (var sample = 0; sample < samples; sample++)
            largest = MathF.Max(largest, MathF.Max(TrainSampler.AbsMax(inputs[sample]), constant) * TrainSampler.AbsMax(errors[sample]));
        return largest;
    }

    /// <summary>Draws the trains of a batch.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="delta">Gradients of the loss by the outputs [samples, outputs].</param>
    /// <param name="rate">Learning rate; not negative.</param>
    /// <param name="weightStep">Mean weight change (w) by one coincidence.</param>
    /// <param name="rng">The stream of this step.</param>
    /// <param name="trains">Where the trains go, and whether there is a line of constant input among them.</param>
    public abstract void Draw(Tensor x, Tensor delta, double rate, double weightStep, Rng rng, PulseTrains trains);

    /// <summary>
    /// Coincidences of an input and an error in plain numbers, negative where they lower the weight; written apart from what trains are drawn
    /// by.
    /// </summary>
    /// <param name="x">The input.</param>
    /// <param name="delta">Gradient of the loss by the output.</param>
    /// <param name="sample">The sample that they belong to.</param>
    public abstract Moments Coincidences(double x, double delta, in TrainSample sample);
}

/// <summary>What the trains of a sample depend on beside the values of two lines.</summary>
/// <param name="LargestInput">Largest |x| of the sample, that of the constant input 1 included where a bias stands on it.</param>
/// <param name="LargestError">Largest |δ| of the sample.</param>
/// <param name="Rate">Learning rate.</param>
/// <param name="WeightStep">Mean weight change (w) by one coincidence.</param>
public readonly record struct TrainSample(double LargestInput, double LargestError, double Rate, double WeightStep);
