using AnalogTorch.Core;
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
        var size = Size.Of(rate);
        trains.HasBias = bias is not null;
        Draw(x, delta, rate, weights.WeightStep * size, rng, trains);
        weights.Update(trains.ForWeights, size);
        bias?.Update(trains.ForBias, size);
    }

    /// <summary>Draws the trains of a batch.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="delta">Gradients of the loss by the outputs [samples, outputs].</param>
    /// <param name="rate">Learning rate; not negative.</param>
    /// <param name="weightStep">Mean weight change (w) by one coincidence.</param>
    /// <param name="rng">The stream of this step.</param>
    /// <param name="trains">Where the trains go, and whether there is a line of constant input among them.</param>
    public abstract void Draw(Tensor x, Tensor delta, double rate, double weightStep, Rng rng, PulseTrains trains);
}
