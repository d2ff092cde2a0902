using AnalogTorch.Core;

namespace AnalogTorch.Updates;

/// <summary>How large update pulses are, relative to the full step of a device.</summary>
public abstract record PulseSize : HardwareConfig
{
    /// <summary>Whether the size depends on the inputs and errors of a batch, and not on the learning rate alone.</summary>
    public virtual bool LooksAtSamples => false;

    /// <summary>Share of the full step.</summary>
    /// <param name="demand">What the batch asks for.</param>
    /// <returns>A number in (0, 1].</returns>
    public abstract double Of(in PulseDemand demand);
}

/// <summary>What a batch asks of pulses.</summary>
/// <param name="Rate">Learning rate.</param>
/// <param name="LargestProduct">Largest |x·δ| of a sample, the constant input 1 of a bias included; not a number for a size that does not look at samples.</param>
/// <param name="WeightStep">Mean weight change (w) by one full pulse.</param>
public readonly record struct PulseDemand(double Rate, double LargestProduct, double WeightStep);

/// <summary>Every pulse is a full one.</summary>
public sealed record FullPulses : PulseSize
{
    /// <inheritdoc/>
    public override double Of(in PulseDemand demand) => 1;
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
    public override double Of(in PulseDemand demand) => Math.Clamp(demand.Rate / FullFrom, Least, 1);
}

/// <summary>Pulses are as large as the batch needs them, so that its largest change takes so many: a capacitor is charged for a shorter time.</summary>
/// <remarks>
/// The share is rate·max|x·δ|/(Pulses·Δw), at most 1. What <see cref="ShrinkingPulses"/> says of noise holds here too, and no rate has to be named: errors that get
/// smaller while a network learns make pulses smaller as well. The circuits need the largest input and error, as for <see cref="AdaptiveTrains"/>, which sends
/// as many slots as pulses are asked for. All samples of a batch take pulses of one size. Chosen here; devices that cannot be pulsed so are refused.
/// </remarks>
public sealed record FittedPulses : PulseSize
{
    /// <summary>Pulses that the largest change of a batch takes.</summary>
    [Unit("1")]
    public double Pulses { get; init => field = Within(value, 1, 31); } = 4;

    /// <summary>Smallest share of the full step that the circuits can make.</summary>
    [Unit("1")]
    public double Least { get; init => field = Within(value, 1e-3, 1); } = 0.1;

    /// <inheritdoc/>
    public override bool LooksAtSamples => true;

    /// <inheritdoc/>
    public override double Of(in PulseDemand demand) => Math.Clamp(demand.Rate * demand.LargestProduct / (Pulses * demand.WeightStep), Least, 1);
}
