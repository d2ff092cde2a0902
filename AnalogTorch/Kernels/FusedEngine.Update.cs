using System.Numerics;
using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

internal sealed partial class FusedEngine<T>
{
    /// <summary>Whether pulses of both directions reach the elements, as a type.</summary>
    private interface IReach
    {
        static abstract bool IsBoth { get; }
    }

    private readonly struct BothWays : IReach
    {
        public static bool IsBoth => true;
    }

    private readonly struct OneWay : IReach
    {
        public static bool IsBoth => false;
    }

    /// <summary>The pulses of a batch.</summary>
    private sealed unsafe class UpdateVisitor(PulseTarget target, TrainPair trains, Rng rng) : IPulseStepVisitor
    {
        private const int QueueLength = 32; // bits of a lane

        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            if (target.Side == PulseSide.Both)
                Visit<TStep, BothWays>(step, draw);
            else
                Visit<TStep, OneWay>(step, draw);
        }

        private void Visit<TStep, TReach>(TStep step, PulseDraw draw)
            where TStep : struct, IPulseStep<TStep>
            where TReach : struct, IReach
        {
            switch (draw)
            {
                case PulseDraw.None: Run<TStep, NoDraw, TReach>(step); break;
                case PulseDraw.Normal: Run<TStep, NormalDraw, TReach>(step); break;
                default: Run<TStep, UniformDraw, TReach>(step); break;
            }
        }

        private void Run<TStep, TDraw, TReach>(TStep step)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
            where TReach : struct, IReach
        {
            var planes = Planes.Of(target);
            var outputs = planes.Outputs / trains.Groups;
            var threads = Math.Min(get_num_threads(), outputs);
            if ((long)outputs * planes.Inputs * Math.Min(trains.Samples, SamplesAtATime) < WorkWorthThreads)
                threads = 1;
            for (var first = 0; first < trains.Samples; first += SamplesAtATime)
            {
                for (var group = 0; group < trains.Groups; group++)
                {
                    var lines = planes.Gather(trains, group, first, Math.Min(trains.Samples - first, SamplesAtATime));
                    target.Pulses += threads <= 1
                        ? Rows<TStep, TDraw, TReach>(step, planes, lines, first, outputs * group, outputs * (group + 1))
                        : RowsOnThreads<TStep, TDraw, TReach>(step, planes, lines, first, outputs * group, outputs, threads);
                }
            }
        }

        private long RowsOnThreads<TStep, TDraw, TReach>(TStep step, Planes planes, InputLines lines, int first, int begin, int outputs, int threads)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
            where TReach : struct, IReach
        {
            var pulses = 0L;
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread => Interlocked.Add(ref pulses, Rows<TStep, TDraw, TReach>(
                step, planes, lines, first, begin + outputs * thread / threads, begin + outputs * (thread + 1) / threads)));
            return pulses;
        }

        /// <summary>All pulses of some samples for outputs [begin, end); returns their number.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private long Rows<TStep, TDraw, TReach>(TStep step, Planes planes, InputLines lines, int first, int begin, int end)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
            where TReach : struct, IReach
        {
            var words = TensorMemory.Pointer<uint>(trains.Outputs) + (long)first * trains.OutputStride;
            var inverted = target.Inverted ? 0x80000000u : 0;
            var outputs = stackalloc OutputWord[SamplesAtATime];
            var wholeUntil = (long)end * planes.Inputs - T.Width; // a register that starts later would reach into the rows of another thread
            var stream = rng.Split(first);
            var pulses = 0L;
            for (var output = begin; output < end; output++)
            {
                var silent = 0ul;
                for (var sample = 0; sample < lines.Samples; sample++)
                {
                    var word = words[(long)sample * trains.OutputStride + output];
                    outputs[sample] = new(word & TrainPair.Slots, word ^ inverted);
                    silent |= (ulong)Unsafe.BitCast<bool, byte>((word & TrainPair.Slots) == 0) << sample;
                }
                if ((~silent & All(lines.Samples)) is not 0 and var pulsed)
                    pulses += Row<TStep, TDraw, TReach>(step, planes, lines, output, wholeUntil, outputs, pulsed, stream.Split(output).Key);
            }
            return pulses;
        }

        /// <summary>The word of an output line in one sample.</summary>
        private readonly struct OutputWord(uint slots, uint sign)
        {
            public readonly uint Slots = slots, Sign = sign;
        }

        /// <summary>The pulses of one output that wait for one register of elements, and what an output keeps from register to register.</summary>
        private struct Work
        {
            /// <summary>Bit k of a lane says whether its pulse k goes down.</summary>
            public T Queue;

            /// <summary>Bit k of a lane says whether it has a pulse k.</summary>
            public T Pending;

            /// <summary>Pulses queued so far.</summary>
            public T Pulses;

            public RandomLanes<T> Lanes;
            public ulong Key;
            public bool IsSeeded;

            /// <summary>Samples whose pulses wait for the next queue; and whether to expect pulses in most samples.</summary>
            public ulong Left;

            public bool IsDense;
        }

        /// <summary>All pulses of one output; returns their number.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private long Row<TStep, TDraw, TReach>(
            TStep step, Planes planes, InputLines lines, int output, long wholeUntil, OutputWord* outputs, ulong pulsed, ulong key)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
            where TReach : struct, IReach
        {
            // Aligned by hand: the stack is not, and a register that lies across two cache lines costs twice.
            var memory = stackalloc byte[Unsafe.SizeOf<Work>() + CacheLine];
            ref var work = ref Unsafe.AsRef<Work>((void*)(((nuint)memory + CacheLine - 1) & ~(nuint)(CacheLine - 1)));
            (work.Key, work.Pulses, work.IsDense) = (key, T.Zero, false);
            var counting = target.UpCounts is not null;
            work.IsSeeded = typeof(TDraw) == typeof(NoDraw) && target.WriteNoise == 0;
            for (var block = 0; block < lines.Count; block++)
            {
                var column = lines.Columns[block];
                var words = lines.Words + (long)block * SamplesAtATime * T.Width;
                var index = (long)output * planes.Inputs + column.First;
                var width = Math.Min(T.Width, planes.Inputs - column.First);
                Hits(ref work, words, outputs, pulsed & column.Samples);
                while (work.Left != 0)
                {
                    Queue(ref work, words, outputs, target.Side);
                    if (T.IsZero(work.Pending))
                        continue;
                    if (!work.IsSeeded)
                        (work.IsSeeded, work.Lanes) = (true, new RandomLanes<T>(work.Key));
                    if (counting)
                        Count(planes, work.Queue, work.Pending, index, width);
                    if (index <= wholeUntil)
                        Apply<TStep, TDraw, TReach>(step, planes, ref work, index, width < T.Width || target.WriteNoise != 0);
                    else
                        ApplyPart<TStep, TDraw, TReach>(step, planes, ref work, index, width);
                }
            }
            return T.SumInt(work.Pulses);
        }

        /// <summary>Finds the samples that have a coincidence in this register.</summary>
        /// <remarks>A branch at every sample would be predicted wrongly more often than not; this way one loop end is, per register.</remarks>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Hits(ref Work work, float* words, OutputWord* outputs, ulong candidates)
        {
            work.Left = candidates;
            if (work.IsDense || candidates == 0)
                return;
            var misses = 0ul;
            for (var left = candidates; left != 0; left &= left - 1)
            {
                var s = BitOperations.TrailingZeroCount(left);
                misses |= (ulong)Unsafe.BitCast<bool, byte>(T.IsZero(T.Load(words + s * T.Width) & T.Bits(outputs[s].Slots))) << s;
            }
            work.Left = candidates & ~misses;
            work.IsDense = 2 * BitOperations.PopCount(work.Left) > BitOperations.PopCount(candidates);
        }

        /// <summary>Queues the pulses of samples until a queue could overflow or no sample is left.</summary>
        /// <remarks>
        /// This method and <see cref="Apply"/> are not inlined: the compiler inlines only so much into one, and keeps no register over
        /// a call.
        /// </remarks>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static void Queue(ref Work work, float* words, OutputWord* outputs, PulseSide side)
        {
            T none = T.Zero, ones = ~none, capacity = T.Bits(QueueLength);
            T queue = none, length = none;
            var left = work.Left;
            do
            {
                var s = BitOperations.TrailingZeroCount(left);
                var lines = T.Load(words + s * T.Width);
                var slots = lines & T.Bits(outputs[s].Slots);
                var down = (lines ^ T.Bits(outputs[s].Sign)) >> 31;
                if (side != PulseSide.Both)
                    slots = side == PulseSide.DownOnly ? slots & down : T.AndNot(slots, down);
                var count = T.PopCount(slots);
                var longer = T.AddInt(length, count);
                if (T.AnyMoreInt(longer, capacity))
                    break;
                queue |= T.ShiftLeft(T.AndNot(down, T.ShiftLeft(ones, count)), length);
                length = longer;
                left &= left - 1;
            }
            while (left != 0);
            (work.Left, work.Queue, work.Pending, work.Pulses) = (left, queue, ~T.ShiftLeft(ones, length), T.AddInt(work.Pulses, length));
        }

        /// <summary>Applies the queued pulses to a register of elements.</summary>
        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static void Apply<TStep, TDraw, TReach>(TStep step, Planes planes, ref Work work, long index, bool keepsUntouched)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
            where TReach : struct, IReach
        {
            planes.LoadWhole(index, TStep.HasMemory, out var value, out var memory, out var cell);
            Pulse<TStep, TDraw, TReach>(step, ref work, ref value, ref memory, cell);
            planes.StoreWhole(step, index, value, memory, cell, ref work.Lanes, T.EqualInt(work.Pending, T.Zero), keepsUntouched);
        }

        /// <summary>The same at the end of an array, where fewer elements are left than a register has lanes.</summary>
        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void ApplyPart<TStep, TDraw, TReach>(TStep step, Planes planes, ref Work work, long index, int width)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
            where TReach : struct, IReach
        {
            planes.LoadPart(index, width, out var value, out var memory, out var cell);
            Pulse<TStep, TDraw, TReach>(step, ref work, ref value, ref memory, cell);
            planes.StorePart(step, index, width, value, memory, cell, ref work.Lanes, T.EqualInt(work.Pending, T.Zero));
        }

        /// <summary>Works the queues off, one pulse of each lane at a time.</summary>
        /// <remarks>Random numbers are drawn from a copy, which stays in registers; where none are drawn, copying it would cost more than the pulses.</remarks>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Pulse<TStep, TDraw, TReach>(TStep step, ref Work work, ref T elements, ref T memories, in Cell<T> cell)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
            where TReach : struct, IReach
        {
            T none = T.Zero, one = T.Bits(1);
            T value = elements, memory = memories, queue = work.Queue, pending = work.Pending;
            Unsafe.SkipInit(out RandomLanes<T> lanes);
            if (typeof(TDraw) != typeof(NoDraw))
                lanes = work.Lanes;
            do
            {
                var remembered = TStep.Remember(step, memory);
                var random = TDraw.Next(ref lanes);
                var change = step.Up(value, remembered, cell, random);
                if (TReach.IsBoth)
                    change = T.Select(T.EqualInt(queue & one, none), change, step.Down(value, remembered, cell, random));
                var idle = T.EqualInt(pending, none);
                value = T.Select(idle, value, Clip(value + change, cell));
                if (TStep.HasMemory)
                    memory = T.Select(idle, memory, remembered);
                pending >>>= 1;
                queue >>>= 1;
            }
            while (!T.IsZero(pending));
            (elements, memories) = (value, memory);
            if (typeof(TDraw) != typeof(NoDraw))
                work.Lanes = lanes;
        }

        /// <summary>Counts the queued pulses of every element, in the direction of the weight.</summary>
        private void Count(Planes planes, T queue, T pending, long index, int width)
        {
            T one = T.Bits(1), up = T.Zero, down = T.Zero;
            if (target.Side != PulseSide.Both)
                queue = target.Side == PulseSide.DownOnly ? pending : down;
            for (; !T.IsZero(pending); pending >>>= 1, queue >>>= 1)
            {
                up = T.AddInt(up, pending & ~queue & one);
                down = T.AddInt(down, pending & queue & one);
            }
            Planes.Count(target.Inverted ? planes.DownCounts : planes.UpCounts, up, index, width);
            Planes.Count(target.Inverted ? planes.UpCounts : planes.DownCounts, down, index, width);
        }
    }
}
