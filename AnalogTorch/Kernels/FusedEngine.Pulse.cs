using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

internal sealed partial class FusedEngine<T>
{
    /// <summary>A number of pulses for each element, or none at all and only the weights read anew.</summary>
    private sealed unsafe class PulseVisitor(PulseTarget target, Tensor? counts, Rng rng) : IPulseStepVisitor
    {
        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            var planes = Planes.Of(target);
            var requested = TensorMemory.PointerOrNull<float>(counts);
            var elements = (long)planes.Outputs * planes.Inputs;
            var readsAlone = requested is null && target.WriteNoise == 0;
            var none = T.Zero;
            var start = 0L;
            if (readsAlone)
                for (; start + T.Width <= elements; start += T.Width)
                    planes.Read(step, start);
            for (var index = start; index < elements; index += T.Width)
            {
                var width = (int)Math.Min(T.Width, elements - index);
                planes.Load(index, width, TStep.HasMemory, out var value, out var memory, out var cell);
                var lanes = readsAlone ? default : new RandomLanes<T>(rng.Split(index).Key);
                if (requested is null)
                {
                    planes.Store(step, index, width, value, memory, cell, ref lanes, none);
                    continue;
                }
                var signed = width == T.Width ? T.Load(requested + index) : VectorMemory.LoadPart<T>(requested + index, width, 0);
                var down = signed >> 31;
                var left = T.SubtractInt(signed ^ down, down);
                var untouched = T.EqualInt(left, none);
                target.Pulses += T.SumInt(left);
                if (planes.UpCounts is not null)
                {
                    Planes.Count(planes.UpCounts, left & ~down, index, width);
                    Planes.Count(planes.DownCounts, left & down, index, width);
                }
                switch (draw)
                {
                    case PulseDraw.Normal:
                        Send<TStep, NormalDraw>(step, ref lanes, ref value, ref memory, cell, left, down);
                        break;
                    case PulseDraw.Uniform:
                        Send<TStep, UniformDraw>(step, ref lanes, ref value, ref memory, cell, left, down);
                        break;
                    default:
                        Send<TStep, NoDraw>(step, ref lanes, ref value, ref memory, cell, left, down);
                        break;
                }
                planes.Store(step, index, width, value, memory, cell, ref lanes, untouched);
            }
        }

        /// <summary>Sends each lane its pulses, one after the other.</summary>
        /// <remarks>A method of its own, so that the loop is compiled with everything in registers.</remarks>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static void Send<TStep, TDraw>(TStep step, ref RandomLanes<T> lanes, ref T elements, ref T memories, in Cell<T> cell, T left, T down)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
        {
            T none = T.Zero, one = T.Bits(1), value = elements, memory = memories;
            var stream = lanes;
            var onlyUp = T.IsZero(down);
            for (; !T.IsZero(left); left = T.MaxInt(T.SubtractInt(left, one), none))
            {
                var idle = T.EqualInt(left, none);
                var remembered = TStep.Remember(step, memory);
                var random = TDraw.Next(ref stream);
                var change = step.Up(value, remembered, cell, random);
                if (!onlyUp)
                    change = T.Select(down, step.Down(value, remembered, cell, random), change);
                value = T.Select(idle, value, Clip(value + change, cell));
                if (TStep.HasMemory)
                    memory = T.Select(idle, memory, remembered);
            }
            (elements, memories, lanes) = (value, memory, stream);
        }
    }
}
