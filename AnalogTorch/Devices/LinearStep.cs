using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Kernels;

namespace AnalogTorch.Devices;

/// <summary>How cycle-to-cycle noise scales with the step of a device whose step depends on its weight.</summary>
public enum CycleNoiseKind
{
    /// <summary>The noise shrinks with the step.</summary>
    Multiplicative,

    /// <summary>The noise is that of the step at zero weight, wherever the weight is.</summary>
    Additive,
}

/// <summary>A device whose step changes linearly with the weight.</summary>
/// <remarks>
/// Δw+ = Δw+,d·(1 − UpSlope·w/w_max) and Δw− = −Δw−,d·(1 − DownSlope·w/w_min), times or plus the cycle noise. Slope 0 is
/// <see cref="ConstantStep"/>, slope 1 is <see cref="SoftBounds"/>. Model of the capacitor of Li et al. (VLSI 2018) and the
/// ECRAM of Tang et al. (IEDM 2018) as fitted in IBM aihwkit.
/// </remarks>
public sealed record LinearStep : BoundedDevice, ICrossChecked
{
    /// <summary>Share of the up step that is lost between zero weight and the upper bound (γ_up).</summary>
    [Unit("1")]
    public double UpSlope { get; init => field = Within(value, 0, 1); } = 0.1;

    /// <summary>Share of the down step that is lost between zero weight and the lower bound (γ_down).</summary>
    [Unit("1")]
    public double DownSlope { get; init => field = Within(value, 0, 1); } = 0.1;

    /// <summary>How the cycle-to-cycle noise scales.</summary>
    public CycleNoiseKind NoiseKind { get; init => field = Named(value); } = CycleNoiseKind.Multiplicative;

    /// <inheritdoc/>
    public override double NominalStep => DwMin;

    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor)
    {
        if (NoiseKind == CycleNoiseKind.Multiplicative)
            visitor.Visit(new Step((float)UpSlope, (float)DownSlope, (float)CycleNoise, 0), Draw);
        else
            visitor.Visit(new Step((float)UpSlope, (float)DownSlope, 0, (float)CycleNoise), Draw);
    }

    /// <inheritdoc/>
    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        var size = isUpward ? element.Up : element.Down;
        var kept = 1 - (isUpward ? UpSlope * element.Value / element.Max : DownSlope * element.Value / element.Min);
        return new((isUpward ? 1 : -1) * size * kept, CycleNoise * size * (NoiseKind == CycleNoiseKind.Additive ? 1 : Math.Abs(kept)));
    }

    /// <inheritdoc/>
    public void Check()
    {
        if (Min == 0)
            throw new ArgumentException("LinearStep.Min must be less than 0, but is 0: the down step shrinks towards it; use ExpStep or JumpTable for a one-sided device.");
    }

    // Written so that the divisions do not depend on the value, and are made once for many pulses.
    private readonly struct Step(float up, float down, float relative, float additive) : IPulseStep<Step>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            T.MultiplyAdd(T.MultiplyAdd(value, -(up * cell.Up / cell.Max), cell.Up), T.MultiplyAdd(relative, draw, 1f), cell.Up * (additive * draw));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            T.MultiplyAdd(T.MultiplyAdd(value, down * cell.Down / cell.Min, -cell.Down), T.MultiplyAdd(relative, draw, 1f), -cell.Down * (additive * draw));
    }
}
