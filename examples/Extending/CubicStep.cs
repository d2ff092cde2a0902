using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;

namespace AnalogTorch.Extending;

/// <summary>A device whose step hardly shrinks at first, and fast near its bound.</summary>
/// <remarks>Δw+ = Δw+,d·(1 − (w/w_max)³) and Δw− = −Δw−,d·(1 − (w/w_min)³), times the cycle noise; outside of the bounds as at them. Made up for this guide.</remarks>
public sealed record CubicStep : BoundedDevice
{
    public override double NominalStep => DwMin;

    public override void Accept(IPulseStepVisitor visitor) => visitor.Visit(new Step((float)CycleNoise), Draw);

    /// <summary>The same in plain numbers, as the formula above has it: what laws hold the lanes against.</summary>
    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        var share = Math.Clamp(element.Value / (isUpward ? element.Max : element.Min), 0, 1);
        var mean = (isUpward ? element.Up : -element.Down) * (1 - Math.Pow(share, 3));
        return new(mean, CycleNoise * Math.Abs(mean));
    }

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
