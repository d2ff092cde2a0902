using System.Runtime.CompilerServices;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;

namespace AnalogTorch.Extending;

/// <summary>A device whose step hardly shrinks at first, and fast near its bound.</summary>
/// <remarks>Δw+ = Δw+,d·(1 − (w/w_max)³) and Δw− = −Δw−,d·(1 − (w/w_min)³), times the cycle noise; outside of the bounds as at them. Made up for this guide.</remarks>
public sealed record CubicStep : BoundedDevice
{
    public override double NominalStep => DwMin;

    public override void Accept(IPulseStepVisitor visitor) => visitor.Visit(new Step((float)CycleNoise), Draw);

    private readonly struct Step(float noise) : IPulseStep<Step>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => Left(value / cell.Max) * cell.Up * T.MultiplyAdd(noise, draw, 1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => -Left(value / cell.Min) * cell.Down * T.MultiplyAdd(noise, draw, 1f);

        /// <summary>What is left of the step at a share of the bound; a step is never larger than at zero.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T Left<T>(T share) where T : struct, ILane<T>
        {
            share = T.Min(T.Max(share, 0f), 1f);
            return 1f - share * share * share;
        }
    }
}
