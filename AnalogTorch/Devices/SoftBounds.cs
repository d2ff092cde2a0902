using AnalogTorch.Core;
using AnalogTorch.Kernels;

namespace AnalogTorch.Devices;

/// <summary>A device whose step shrinks to nothing at its bound.</summary>
/// <remarks>Δw+ = Δw+,d·(1 − w/w_max)·(1 + CycleNoise·ξ), Δw− = −Δw−,d·(1 − w/w_min)·(1 + CycleNoise·ξ).</remarks>
public sealed record SoftBounds : BoundedDevice, ICrossChecked
{
    /// <inheritdoc/>
    public override double NominalStep => DwMin;

    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor) => visitor.Visit(new Step((float)CycleNoise), Draw);

    /// <inheritdoc/>
    public void Check()
    {
        if (Min == 0)
            throw new ArgumentException("SoftBounds.Min must be less than 0, but is 0: the down step shrinks towards it; use ExpStep or JumpTable for a one-sided device.");
    }

    private readonly struct Step(float noise) : IPulseStep<Step>
    {
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            cell.Up * (1f - value / cell.Max) * (1f + noise * draw);

        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            -cell.Down * (1f - value / cell.Min) * (1f + noise * draw);
    }
}
