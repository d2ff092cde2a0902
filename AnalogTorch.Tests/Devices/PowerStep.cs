using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;

namespace AnalogTorch.Tests.Devices;

/// <summary>A device of these tests, in one file: a step that is a power of the way that is left to the bound.</summary>
/// <remarks>Δw+ = Δw+,d·((w_max − w)/(w_max − w_min))^γ and Δw− = −Δw−,d·((w − w_min)/(w_max − w_min))^γ, times the cycle noise.</remarks>
public sealed record PowerStep : BoundedDevice
{
    [Unit("1")]
    public double Exponent { get; init => field = Positive(value); } = 1.7;

    public override double NominalStep => DwMin * (Math.Pow(Max / (Max - Min), Exponent) + Math.Pow(Min / (Min - Max), Exponent)) / 2;

    public override void Accept(IPulseStepVisitor visitor) => visitor.Visit(new Step((float)Exponent, (float)CycleNoise), Draw);

    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        var left = (isUpward ? element.Max - element.Value : element.Value - element.Min) / (element.Max - element.Min);
        var size = (isUpward ? element.Up : element.Down) * Math.Pow(left, Exponent);
        return new(isUpward ? size : -size, CycleNoise * size);
    }

    private readonly struct Step(float exponent, float noise) : IPulseStep<Step>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            cell.Up * T.Pow(T.Max(cell.Max - value, 0f) / (cell.Max - cell.Min), exponent) * T.MultiplyAdd(noise, draw, 1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            -cell.Down * T.Pow(T.Max(value - cell.Min, 0f) / (cell.Max - cell.Min), exponent) * T.MultiplyAdd(noise, draw, 1f);
    }
}
