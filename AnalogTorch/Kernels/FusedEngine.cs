using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AnalogTorch.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>An engine that works in registers of one width.</summary>
internal interface IWideEngine
{
    /// <summary>Number of lanes.</summary>
    int Lanes { get; }
}

/// <summary>The CPU engine: as many inputs of one output as a register holds, all samples of a batch while they are there.</summary>
/// <remarks>
/// Coincidences are the AND of two words. Those of all samples are first queued, one bit a pulse that says which way it goes, each
/// lane for itself; then the queues are worked off. So a lane that few pulses reach does not wait at every sample for the one that
/// gets most, and every pulse is applied exactly, in its order. Registers without a coincidence are skipped unread. Random numbers
/// are keyed by (stream, output), so the split over threads leaves no trace. As many threads work as torch itself may use.
/// </remarks>
internal sealed class FusedEngine<T> : IPulseEngine, IWideEngine where T : struct, IWide<T>
{
    private const long WorkWorthThreads = 400_000; // element·samples below which starting threads costs more than it saves
    private const int SamplesAtATime = 64; // one bit of a word each
    private const int QueueLength = 32;
    private const int CacheLine = 64;

    private FusedEngine()
    {
    }

    public string Name => $"fused-{32 * T.Width}";

    public int Lanes => T.Width;

    /// <summary>The engine, if the computer has registers of this width.</summary>
    public static IEnumerable<IPulseEngine> IfSupported() => T.IsSupported ? [new FusedEngine<T>()] : [];

    public bool Supports(Device device) => device.type == DeviceType.CPU;

    public IPulseStepVisitor Update(PulseTarget target, TrainPair trains, Rng rng) => new UpdateVisitor(target, trains, rng);

    public IPulseStepVisitor Pulse(PulseTarget target, Tensor counts, Rng rng) => new PulseVisitor(target, counts, rng);

    public IPulseStepVisitor Seek(PulseTarget target, Tensor goals, float tolerance, int most, Rng rng) =>
        new SeekVisitor(target, goals, tolerance, most, rng);

    public IPulseStepVisitor Read(PulseTarget target, Rng rng) => new PulseVisitor(target, null, rng);

    /// <summary>What a pulse draws, as a type, so that the loop is compiled without what it does not need.</summary>
    private interface IDraw
    {
        static abstract T Next(ref RandomLanes<T> lanes);
    }

    private readonly struct NoDraw : IDraw
    {
        public static T Next(ref RandomLanes<T> lanes) => 0f;
    }

    private readonly struct NormalDraw : IDraw
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Next(ref RandomLanes<T> lanes) => lanes.NextNormal();
    }

    private readonly struct UniformDraw : IDraw
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Next(ref RandomLanes<T> lanes) => lanes.NextUniform();
    }

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

    /// <summary>A target's tensors as addresses; looked up once, since asking torch costs as much as hundreds of pulses.</summary>
    private sealed unsafe class Planes(PulseTarget target)
    {
        public readonly int Outputs = (int)target.Planes.Value.shape[0];
        public readonly int Inputs = (int)target.Planes.Value.shape[1];
        private readonly PulseTarget target = target;
        private readonly float* value = TensorMemory.Pointer<float>(target.Planes.Value);
        private readonly float* memory = TensorMemory.PointerOrNull<float>(target.Planes.Memory);
        private readonly float* weights = TensorMemory.Pointer<float>(target.Weights);
        private readonly float* other = TensorMemory.PointerOrNull<float>(target.Other);
        private readonly PlaneMemory up = new(target.Planes.Up), down = new(target.Planes.Down);
        private readonly PlaneMemory min = new(target.Planes.Min), max = new(target.Planes.Max), offset = new(target.Planes.Offset);

        // Words of the input lines, register by register.
        private float[] gathered = [];
        private Column[] columns = [];

        public int* UpCounts => TensorMemory.PointerOrNull<int>(target.UpCounts);

        public int* DownCounts => TensorMemory.PointerOrNull<int>(target.DownCounts);

        public static Planes Of(PulseTarget target) => (Planes)(target.Memory ??= new Planes(target));

        /// <summary>The words of the registers in which a line has a pulse in any of some samples, those of all samples side by side.</summary>
        /// <remarks>Rows of samples lie a power of two apart more often than not, and would push each other out of the cache.</remarks>
        public InputLines Gather(TrainPair trains, int first, int samples)
        {
            var blocks = (Inputs + T.Width - 1) / T.Width;
            var words = TensorMemory.Pointer<float>(trains.Inputs) + (long)first * trains.InputStride;
            if (columns.Length < blocks)
            {
                columns = GC.AllocateUninitializedArray<Column>(blocks, pinned: true);
                gathered = GC.AllocateUninitializedArray<float>(blocks * SamplesAtATime * T.Width + CacheLine / sizeof(float), pinned: true);
            }
            var start = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(gathered));
            start = (float*)(((nuint)start + CacheLine - 1) & ~(nuint)(CacheLine - 1));
            var slots = T.Bits(TrainPair.Slots);
            var count = 0;
            for (var column = 0; column < Inputs; column += T.Width)
            {
                var block = start + (long)count * SamplesAtATime * T.Width;
                var silent = 0ul;
                for (var sample = 0; sample < samples; sample++)
                {
                    var line = T.Load(words + (long)sample * trains.InputStride + column);
                    T.Store(line, block + sample * T.Width);
                    silent |= (ulong)Unsafe.BitCast<bool, byte>(T.IsZero(line & slots)) << sample;
                }
                if ((~silent & All(samples)) is not 0 and var pulsed)
                    columns[count++] = new() { First = column, Samples = pulsed };
            }
            return new(start, (Column*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(columns)), count, samples);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Load(long index, bool hasMemory, out T values, out T memories, out Cell<T> cell)
        {
            values = T.Load(value + index);
            memories = hasMemory ? T.Load(memory + index) : T.Zero;
            cell = new(up.Load<T>(index), down.Load<T>(index), min.Load<T>(index), max.Load<T>(index), offset.Load<T>(index));
        }

        /// <summary>Writes values and memories back, and the weights that they give; those of untouched elements stay if asked to.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store<TStep>(in TStep step, long index, T values, T memories, in Cell<T> cell, ref RandomLanes<T> lanes, T untouched, bool keepsUntouched)
            where TStep : struct, IPulseStep<TStep>
        {
            T.Store(values, value + index);
            if (TStep.HasMemory)
                T.Store(memories, memory + index);
            if (value == weights)
                return; // the values are the weights
            var weight = Weight(step, values, cell, other is null ? values : T.Load(other + index), ref lanes);
            if (keepsUntouched)
                weight = T.Select(untouched, T.Load(weights + index), weight);
            T.Store(weight, weights + index);
        }

        /// <summary>The same as <see cref="Load"/> at the end of an array.</summary>
        public void LoadPart(long index, int width, out T values, out T memories, out Cell<T> cell)
        {
            values = VectorMemory.LoadPart<T>(value + index, width);
            memories = memory is not null ? VectorMemory.LoadPart<T>(memory + index, width) : values;
            cell = new(
                up.LoadPart<T>(index, width), down.LoadPart<T>(index, width), min.LoadPart<T>(index, width), max.LoadPart<T>(index, width),
                offset.LoadPart<T>(index, width));
        }

        /// <summary>The same as <see cref="Store"/> at the end of an array.</summary>
        public void StorePart<TStep>(in TStep step, long index, int width, T values, T memories, in Cell<T> cell, ref RandomLanes<T> lanes, T untouched)
            where TStep : struct, IPulseStep<TStep>
        {
            VectorMemory.StorePart(values, value + index, width);
            if (TStep.HasMemory)
                VectorMemory.StorePart(memories, memory + index, width);
            var weight = Weight(step, values, cell, other is null ? values : VectorMemory.LoadPart<T>(other + index, width), ref lanes);
            VectorMemory.StorePart(T.Select(untouched, VectorMemory.LoadPart<T>(weights + index, width), weight), weights + index, width);
        }

        /// <summary>The weights alone, read anew without noise.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Read<TStep>(in TStep step, long index) where TStep : struct, IPulseStep<TStep>
        {
            Load(index, hasMemory: false, out var values, out _, out var cell);
            RandomLanes<T> none = default;
            T.Store(Weight(step, values, cell, other is null ? values : T.Load(other + index), ref none), weights + index);
        }

        public static void Count(int* counts, T hits, long index, int width)
        {
            var memory = (float*)counts + index;
            VectorMemory.StorePart(T.AddInt(VectorMemory.LoadPart<T>(memory, width), hits), memory, width);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private T Weight<TStep>(in TStep step, T values, in Cell<T> cell, T others, ref RandomLanes<T> lanes)
            where TStep : struct, IPulseStep<TStep>
        {
            var weight = target.Gain * TStep.Read(step, values, cell);
            if (other is not null)
                weight += target.OtherGain * others;
            if (target.WriteNoise != 0)
                weight += target.WriteNoise * lanes.NextNormal();
            return weight;
        }
    }

    /// <summary>A register of input lines.</summary>
    private struct Column
    {
        /// <summary>The first of its inputs.</summary>
        public int First;

        /// <summary>The samples in which one of its lines has a pulse, a bit each.</summary>
        public ulong Samples;
    }

    /// <summary>The words of the input lines of some samples, as <see cref="Planes.Gather"/> lays them out.</summary>
    private readonly unsafe struct InputLines(float* words, Column* columns, int count, int samples)
    {
        public readonly float* Words = words;
        public readonly Column* Columns = columns;
        public readonly int Count = count;
        public readonly int Samples = samples;
    }

    /// <summary>A word whose lowest bits are set, one a sample.</summary>
    private static ulong All(int samples) => ulong.MaxValue >> (SamplesAtATime - samples);

    private sealed unsafe class UpdateVisitor(PulseTarget target, TrainPair trains, Rng rng) : IPulseStepVisitor
    {
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
            var threads = Math.Min(get_num_threads(), planes.Outputs);
            if ((long)planes.Outputs * planes.Inputs * Math.Min(trains.Samples, SamplesAtATime) < WorkWorthThreads)
                threads = 1;
            for (var first = 0; first < trains.Samples; first += SamplesAtATime)
            {
                var lines = planes.Gather(trains, first, Math.Min(trains.Samples - first, SamplesAtATime));
                target.Pulses += threads <= 1
                    ? Rows<TStep, TDraw, TReach>(step, planes, lines, first, 0, planes.Outputs)
                    : RowsOnThreads<TStep, TDraw, TReach>(step, planes, lines, first, threads);
            }
        }

        private long RowsOnThreads<TStep, TDraw, TReach>(TStep step, Planes planes, InputLines lines, int first, int threads)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
            where TReach : struct, IReach
        {
            var pulses = 0L;
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread => Interlocked.Add(ref pulses, Rows<TStep, TDraw, TReach>(
                step, planes, lines, first, planes.Outputs * thread / threads, planes.Outputs * (thread + 1) / threads)));
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
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private static void Apply<TStep, TDraw, TReach>(TStep step, Planes planes, ref Work work, long index, bool keepsUntouched)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
            where TReach : struct, IReach
        {
            planes.Load(index, TStep.HasMemory, out var value, out var memory, out var cell);
            Pulse<TStep, TDraw, TReach>(step, ref work, ref value, ref memory, cell);
            planes.Store(step, index, value, memory, cell, ref work.Lanes, T.EqualInt(work.Pending, T.Zero), keepsUntouched);
        }

        /// <summary>The same at the end of an array, where fewer elements are left than a register has lanes.</summary>
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
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Pulse<TStep, TDraw, TReach>(TStep step, ref Work work, ref T elements, ref T memories, in Cell<T> cell)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
            where TReach : struct, IReach
        {
            T none = T.Zero, one = T.Bits(1);
            T value = elements, memory = memories, queue = work.Queue, pending = work.Pending;
            var lanes = work.Lanes;
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
            (elements, memories, work.Lanes) = (value, memory, lanes);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Clip(T value, in Cell<T> cell) => T.Min(T.Max(value, cell.Min), cell.Max);

    /// <summary>A number of pulses for each element, or none at all and only the weights read anew.</summary>
    private sealed unsafe class PulseVisitor(PulseTarget target, Tensor? counts, Rng rng) : IPulseStepVisitor
    {
        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            var planes = Planes.Of(target);
            var requested = TensorMemory.PointerOrNull<float>(counts);
            var elements = (long)planes.Outputs * planes.Inputs;
            var readsAlone = requested is null && target.WriteNoise == 0;
            T none = T.Zero, one = T.Bits(1);
            var start = 0L;
            if (readsAlone)
                for (; start + T.Width <= elements; start += T.Width)
                    planes.Read(step, start);
            for (var index = start; index < elements; index += T.Width)
            {
                var width = (int)Math.Min(T.Width, elements - index);
                var whole = width == T.Width;
                T value, memory;
                Cell<T> cell;
                if (whole)
                    planes.Load(index, TStep.HasMemory, out value, out memory, out cell);
                else
                    planes.LoadPart(index, width, out value, out memory, out cell);
                var lanes = readsAlone ? default : new RandomLanes<T>(rng.Split(index).Key);
                if (requested is null)
                {
                    Store(planes, step, whole, index, width, value, memory, cell, ref lanes, none);
                    continue;
                }
                var signed = whole ? T.Load(requested + index) : VectorMemory.LoadPart<T>(requested + index, width, 0);
                var down = signed >> 31;
                var left = T.SubtractInt(signed ^ down, down);
                var untouched = T.EqualInt(left, none);
                target.Pulses += T.SumInt(left);
                if (planes.UpCounts is not null)
                {
                    Planes.Count(planes.UpCounts, left & ~down, index, width);
                    Planes.Count(planes.DownCounts, left & down, index, width);
                }
                for (; !T.IsZero(left); left = T.MaxInt(T.SubtractInt(left, one), none))
                {
                    var idle = T.EqualInt(left, none);
                    var remembered = TStep.Remember(step, memory);
                    T random = draw switch
                    {
                        PulseDraw.Normal => lanes.NextNormal(),
                        PulseDraw.Uniform => lanes.NextUniform(),
                        _ => 0f,
                    };
                    var change = T.Select(down, step.Down(value, remembered, cell, random), step.Up(value, remembered, cell, random));
                    value = T.Select(idle, value, Clip(value + change, cell));
                    memory = T.Select(idle, memory, remembered);
                }
                Store(planes, step, whole, index, width, value, memory, cell, ref lanes, untouched);
            }
        }

        private static void Store<TStep>(
            Planes planes, TStep step, bool whole, long index, int width, T value, T memory, in Cell<T> cell, ref RandomLanes<T> lanes, T untouched)
            where TStep : struct, IPulseStep<TStep>
        {
            if (whole)
                planes.Store(step, index, value, memory, cell, ref lanes, untouched, keepsUntouched: true);
            else
                planes.StorePart(step, index, width, value, memory, cell, ref lanes, untouched);
        }
    }

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
            T value, memory, pulses = T.Zero;
            Cell<T> cell;
            if (width == T.Width)
                planes.Load(index, TStep.HasMemory, out value, out memory, out cell);
            else
                planes.LoadPart(index, width, out value, out memory, out cell);
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
            var untouched = T.EqualInt(pulses, T.Zero);
            if (width == T.Width)
                planes.Store(step, index, value, memory, cell, ref lanes, untouched, keepsUntouched: true);
            else
                planes.StorePart(step, index, width, value, memory, cell, ref lanes, untouched);
        }

        /// <summary>All ones in the lanes where a number is above a limit.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T Exceeds(T number, T limit) => T.IfLess(limit, number, ~T.Zero, T.Zero);
    }
}
