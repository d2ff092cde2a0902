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
    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        var mean = isUpward ? element.Up * (1 - element.Value / element.Max) : -element.Down * (1 - element.Value / element.Min);
        return new(mean, CycleNoise * Math.Abs(mean));
    }

    /// <inheritdoc/>
    public void Check()
    {
        if (Min == 0)
            throw new ArgumentException("SoftBounds.Min must be less than 0, but is 0: the down step shrinks towards it; use ExpStep or JumpTable for a one-sided device.");
    }

    // Written so that one division serves both directions and, not depending on the value, many pulses.
    private readonly struct Step(float noise) : IPulseStep<Step>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            T.MultiplyAdd(value, -(cell.Up * cell.Min * PerProduct(cell)), cell.Up) * T.MultiplyAdd(noise, draw, 1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            T.MultiplyAdd(value, cell.Down * cell.Max * PerProduct(cell), -cell.Down) * T.MultiplyAdd(noise, draw, 1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T PerProduct<T>(in Cell<T> cell) where T : struct, ILane<T> => 1f / (cell.Max * cell.Min);
    }
}
