using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;

namespace AnalogTorch.Tests.Devices;

/// <summary>A device of these tests, in one file: a step that falls with the logarithm of the way that was gone, and saturates softly.</summary>
/// <remarks>
/// With u the share of the way from the one bound to the other, Δw± = ±Δw±,d·(1 − tanh(κ·ln(1 + A·u))), plus noise of CycleNoise·Δw±,d.
/// </remarks>
public sealed record LogarithmicStep : BoundedDevice
{
    [Unit("1")]
    public double Amplitude { get; init => field = Positive(value); } = 5;

    [Unit("1")]
    public double Rate { get; init => field = Positive(value); } = 0.4;

    public override double NominalStep => DwMin * (Kept(-Min / (Max - Min)) + Kept(Max / (Max - Min))) / 2;

    public override void Accept(IPulseStepVisitor visitor) => visitor.Visit(new Step((float)Amplitude, (float)Rate, (float)CycleNoise), Draw);

    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        var size = isUpward ? element.Up : element.Down;
        var gone = (isUpward ? element.Value - element.Min : element.Max - element.Value) / (element.Max - element.Min);
        return new((isUpward ? 1 : -1) * size * Kept(gone), CycleNoise * size);
    }

    private double Kept(double gone) => 2 / (Math.Pow(1 + Amplitude * gone, 2 * Rate) + 1);

    private readonly struct Step(float amplitude, float rate, float noise) : IPulseStep<Step>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            cell.Up * (1f - Lost((value - cell.Min) / (cell.Max - cell.Min)) + noise * draw);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            -cell.Down * (1f - Lost((cell.Max - value) / (cell.Max - cell.Min)) + noise * draw);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private T Lost<T>(T gone) where T : struct, ILane<T> => T.Tanh(rate * T.Log(1f + amplitude * T.Max(gone, 0f)));
    }
}
