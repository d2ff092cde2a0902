using System.Runtime.CompilerServices;
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

    // Written so that the divisions do not depend on the value, and are made once for many pulses.
    private readonly struct Step(float noise) : IPulseStep<Step>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            T.MultiplyAdd(value, -(cell.Up / cell.Max), cell.Up) * T.MultiplyAdd(noise, draw, 1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            T.MultiplyAdd(value, cell.Down / cell.Min, -cell.Down) * T.MultiplyAdd(noise, draw, 1f);
    }
}
