using AnalogTorch.Core;

namespace AnalogTorch.Updates;

/// <summary>How large update pulses are, relative to the full step of a device.</summary>
public abstract record PulseSize : HardwareConfig
{
    /// <summary>Share of the full step at a learning rate.</summary>
    /// <param name="rate">Learning rate.</param>
    /// <returns>A number in (0, 1].</returns>
    public abstract double Of(double rate);
}

/// <summary>Every pulse is a full one.</summary>
public sealed record FullPulses : PulseSize
{
    /// <inheritdoc/>
    public override double Of(double rate) => 1;
}

/// <summary>Pulses get smaller with the learning rate, so that their number stays the same: a capacitor is charged for a shorter time.</summary>
/// <remarks>
/// Which cells a coincidence meets is chance, and a weight that has found its place keeps jumping about it by pulses of either direction. The variance of that is
/// Δw·⟨|x·δ|⟩/2λ with λ the curvature of the loss: it falls with the size of a pulse, but not with the learning rate, of which fewer pulses and a slower return make the
/// same. So a rate that falls quiets weights only if pulses shrink with it. Chosen here; devices that cannot be pulsed so are refused.
/// </remarks>
public sealed record ShrinkingPulses : PulseSize
{
    /// <summary>Learning rate from which on pulses are full.</summary>
    [Unit("1")]
    public double FullFrom { get; init => field = Positive(value); } = 0.1;

    /// <summary>Smallest share of the full step that the circuits can make.</summary>
    [Unit("1")]
    public double Least { get; init => field = Within(value, 1e-3, 1); } = 0.05;

    /// <inheritdoc/>
    public override double Of(double rate) => Math.Clamp(rate / FullFrom, Least, 1);
}
