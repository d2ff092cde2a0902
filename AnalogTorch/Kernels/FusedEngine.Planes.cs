using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AnalogTorch.Kernels;

internal sealed partial class FusedEngine<T>
{
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

        public static Planes Of(PulseTarget target)
        {
            if (target.Memory is not Planes planes) // nobody's yet, or those of an engine of another width
                target.Memory = planes = new Planes(target);
            return planes;
        }

        /// <summary>The words of the registers in which a line has a pulse in any of some samples, those of all samples side by side.</summary>
        /// <remarks>Rows of samples lie a power of two apart more often than not, and would push each other out of the cache.</remarks>
        public InputLines Gather(TrainPair trains, int group, int first, int samples)
        {
            var blocks = (Inputs + T.Width - 1) / T.Width;
            var words = TensorMemory.Pointer<float>(trains.Inputs) + (long)first * trains.InputStride + (long)group * trains.GroupStride;
            if (columns.Length < blocks)
            {
                columns = GC.AllocateUninitializedArray<Column>(blocks, pinned: true);
                gathered = GC.AllocateUninitializedArray<float>(checked(blocks * SamplesAtATime * T.Width + CacheLine / sizeof(float)), pinned: true);
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
        public void LoadWhole(long index, bool hasMemory, out T values, out T memories, out Cell<T> cell)
        {
            values = T.Load(value + index);
            memories = hasMemory ? T.Load(memory + index) : T.Zero;
            cell = new(up.Load<T>(index), down.Load<T>(index), min.Load<T>(index), max.Load<T>(index), offset.Load<T>(index));
        }

        /// <summary>Writes values and memories back, and the weights that they give; those of untouched elements stay if asked to.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void StoreWhole<TStep>(in TStep step, long index, T values, T memories, in Cell<T> cell, ref RandomLanes<T> lanes, T untouched, bool keepsUntouched)
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

        /// <summary>The same as <see cref="LoadWhole"/> at the end of an array.</summary>
        public void LoadPart(long index, int width, out T values, out T memories, out Cell<T> cell)
        {
            values = VectorMemory.LoadPart<T>(value + index, width);
            memories = memory is not null ? VectorMemory.LoadPart<T>(memory + index, width) : values;
            cell = new(
                up.LoadPart<T>(index, width), down.LoadPart<T>(index, width), min.LoadPart<T>(index, width), max.LoadPart<T>(index, width),
                offset.LoadPart<T>(index, width));
        }

        /// <summary>The same as <see cref="StoreWhole"/> at the end of an array.</summary>
        public void StorePart<TStep>(in TStep step, long index, int width, T values, T memories, in Cell<T> cell, ref RandomLanes<T> lanes, T untouched)
            where TStep : struct, IPulseStep<TStep>
        {
            VectorMemory.StorePart(values, value + index, width);
            if (TStep.HasMemory)
                VectorMemory.StorePart(memories, memory + index, width);
            var weight = Weight(step, values, cell, other is null ? values : VectorMemory.LoadPart<T>(other + index, width), ref lanes);
            VectorMemory.StorePart(T.Select(untouched, VectorMemory.LoadPart<T>(weights + index, width), weight), weights + index, width);
        }

        /// <summary>Loads a register of elements anywhere in the array.</summary>
        public void Load(long index, int width, bool hasMemory, out T values, out T memories, out Cell<T> cell)
        {
            if (width == T.Width)
                LoadWhole(index, hasMemory, out values, out memories, out cell);
            else
                LoadPart(index, width, out values, out memories, out cell);
        }

        /// <summary>Writes a register of elements back anywhere in the array; the weights of untouched elements stay.</summary>
        public void Store<TStep>(in TStep step, long index, int width, T values, T memories, in Cell<T> cell, ref RandomLanes<T> lanes, T untouched)
            where TStep : struct, IPulseStep<TStep>
        {
            if (width == T.Width)
                StoreWhole(step, index, values, memories, cell, ref lanes, untouched, keepsUntouched: true);
            else
                StorePart(step, index, width, values, memories, cell, ref lanes, untouched);
        }

        /// <summary>The weights alone, read anew without noise.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Read<TStep>(in TStep step, long index) where TStep : struct, IPulseStep<TStep>
        {
            LoadWhole(index, hasMemory: false, out var values, out _, out var cell);
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
}
