using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Kernels;

namespace AnalogTorch.Devices;

/// <summary>A device whose step is the same at every weight, up to its hard bounds.</summary>
/// <remarks>Δw± = ±Δw±,d·(1 + CycleNoise·ξ). The baseline of Gokmen and Vlasov (2016).</remarks>
public sealed record ConstantStep : BoundedDevice
{
    /// <inheritdoc/>
    public override double NominalStep => DwMin;

    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor) => visitor.Visit(new Step((float)CycleNoise), Draw);

    /// <inheritdoc/>
    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        var size = isUpward ? element.Up : element.Down;
        return new(isUpward ? size : -size, size * CycleNoise);
    }

    private readonly struct Step(float noise) : IPulseStep<Step>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => cell.Up * T.MultiplyAdd(noise, draw, 1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => -cell.Down * T.MultiplyAdd(noise, draw, 1f);
    }
}
