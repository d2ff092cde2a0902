using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

internal sealed partial class FusedEngine<T>
{
    /// <summary>As many pulses for each element as it needs to come near its goal.</summary>
    /// <remarks>A register goes on until its last lane is there; one in which no element has a goal is skipped unread.</remarks>
    private sealed unsafe class SeekVisitor(PulseTarget target, Tensor goals, float tolerance, int most, Rng rng) : IPulseStepVisitor
    {
        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            switch (draw)
            {
                case PulseDraw.None: Run<TStep, NoDraw>(step); break;
                case PulseDraw.Normal: Run<TStep, NormalDraw>(step); break;
                default: Run<TStep, UniformDraw>(step); break;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Run<TStep, TDraw>(TStep step)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
        {
            var planes = Planes.Of(target);
            var wanted = TensorMemory.Pointer<float>(goals);
            var elements = (long)planes.Outputs * planes.Inputs;
            T nowhere = float.NegativeInfinity;
            for (var index = 0L; index < elements; index += T.Width)
            {
                var width = (int)Math.Min(T.Width, elements - index);
                var goal = width == T.Width ? T.Load(wanted + index) : VectorMemory.LoadPart<T>(wanted + index, width, float.NegativeInfinity);
                if (!T.IsZero(Exceeds(goal, nowhere)))
                    Register<TStep, TDraw>(step, planes, index, width, goal);
            }
        }

        /// <summary>The pulses of one register of elements.</summary>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private void Register<TStep, TDraw>(TStep step, Planes planes, long index, int width, T goal)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
        {
            planes.Load(index, width, TStep.HasMemory, out var value, out var memory, out var cell);
            var pulses = T.Zero;
            var missing = Exceeds(goal - value, tolerance);
            if (T.IsZero(missing) || most <= 0)
                return;
            var lanes = new RandomLanes<T>(rng.Split(index).Key);
            for (var pulse = 0; pulse < most && !T.IsZero(missing); pulse++)
            {
                var remembered = TStep.Remember(step, memory);
                var change = step.Up(value, remembered, cell, TDraw.Next(ref lanes));
                value = T.Select(missing, Clip(value + change, cell), value);
                if (TStep.HasMemory)
                    memory = T.Select(missing, remembered, memory);
                pulses = T.SubtractInt(pulses, missing); // all ones are −1
                missing &= Exceeds(goal - value, tolerance);
            }
            target.Pulses += T.SumInt(pulses);
            if (planes.UpCounts is not null)
                Planes.Count(planes.UpCounts, pulses, index, width);
            planes.Store(step, index, width, value, memory, cell, ref lanes, T.EqualInt(pulses, T.Zero));
        }

        /// <summary>All ones in the lanes where a number is above a limit.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T Exceeds(T number, T limit) => T.IfLess(limit, number, ~T.Zero, T.Zero);
    }
}
