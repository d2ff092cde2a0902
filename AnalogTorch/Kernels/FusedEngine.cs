using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AnalogTorch.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>The CPU engine: sixteen inputs of one output in a register, all samples of a batch while they are there.</summary>
/// <remarks>
/// Coincidences are the AND of two words; a loop clears the lowest set bit of every lane and applies one masked pulse, so
/// every pulse is applied exactly, in order. Registers without a coincidence are skipped unread. Random numbers are keyed by
/// (stream, output), so the split over threads leaves no trace. As many threads work as torch itself may use.
/// </remarks>
internal sealed class FusedEngine : IPulseEngine
{
    private const long WorkWorthThreads = 400_000; // element·samples below which starting threads costs more than it saves

    public string Name => "fused";

    public bool Supports(Device device) => device.type == DeviceType.CPU;

    public IPulseStepVisitor Update(PulseTarget target, TrainPair trains, Rng rng) => new UpdateVisitor(target, trains, rng);

    public IPulseStepVisitor Pulse(PulseTarget target, Tensor counts, Rng rng) => new PulseVisitor(target, counts, rng);

    public IPulseStepVisitor Read(PulseTarget target, Rng rng) => new PulseVisitor(target, null, rng);

    /// <summary>What a pulse draws, as a type, so that the loop is compiled without what it does not need.</summary>
    private interface IDraw
    {
        static abstract VectorLane Next(ref RandomLanes lanes);
    }

    private readonly struct NoDraw : IDraw
    {
        public static VectorLane Next(ref RandomLanes lanes) => 0f;
    }

    private readonly struct NormalDraw : IDraw
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static VectorLane Next(ref RandomLanes lanes) => lanes.NextNormal();
    }

    private readonly struct UniformDraw : IDraw
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static VectorLane Next(ref RandomLanes lanes) => lanes.NextUniform();
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
        private readonly Plane up = new(target.Planes.Up), down = new(target.Planes.Down);
        private readonly Plane min = new(target.Planes.Min), max = new(target.Planes.Max), offset = new(target.Planes.Offset);

        public int* UpCounts => TensorMemory.PointerOrNull<int>(target.UpCounts);

        public int* DownCounts => TensorMemory.PointerOrNull<int>(target.DownCounts);

        public static Planes Of(PulseTarget target) => (Planes)(target.Memory ??= new Planes(target));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Cell<VectorLane> Cell(long index, int count) => new(
            up.Load(index, count), down.Load(index, count), min.Load(index, count), max.Load(index, count), offset.Load(index, count));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public VectorLane Value(long index, int count) => VectorMemory.Load(value + index, count);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public VectorLane Memory(long index, int count) => VectorMemory.Load(memory + index, count);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store<TStep>(in TStep step, VectorLane newValue, VectorLane newMemory, in Cell<VectorLane> cell, ref RandomLanes lanes, Vector512<int> untouched, long index, int count)
            where TStep : struct, IPulseStep<TStep>
        {
            VectorMemory.Store(newValue, value + index, count);
            if (TStep.HasMemory)
                VectorMemory.Store(newMemory, memory + index, count);
            StoreWeight(step, newValue, cell, ref lanes, untouched, index, count);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void StoreWeight<TStep>(in TStep step, VectorLane newValue, in Cell<VectorLane> cell, ref RandomLanes lanes, Vector512<int> untouched, long index, int count)
            where TStep : struct, IPulseStep<TStep>
        {
            var weight = target.Gain * TStep.Read(step, newValue, cell);
            if (other is not null)
                weight += target.OtherGain * VectorMemory.Load(other + index, count);
            if (target.WriteNoise != 0)
                weight = Vector512.ConditionalSelect(untouched.AsSingle(), VectorMemory.Load(weights + index, count).Value, (weight + target.WriteNoise * (VectorLane)lanes.NextNormal()).Value);
            VectorMemory.Store(weight, weights + index, count);
        }

        public static void Count(int* counts, Vector512<int> hits, long index, int count)
        {
            if (count >= VectorLane.Width)
            {
                (Vector512.Load(counts + index) - hits).Store(counts + index); // a hit is −1
                return;
            }
            for (var lane = 0; lane < count; lane++)
                counts[index + lane] -= hits[lane];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VectorLane Clip(VectorLane value, in Cell<VectorLane> cell) => VectorLane.Min(VectorLane.Max(value, cell.Min), cell.Max);

    private sealed unsafe class UpdateVisitor(PulseTarget target, TrainPair trains, Rng rng) : IPulseStepVisitor
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

        private void Run<TStep, TDraw>(TStep step)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
        {
            var planes = Planes.Of(target);
            var threads = Math.Min(get_num_threads(), planes.Outputs);
            if (threads <= 1 || (long)planes.Outputs * planes.Inputs * trains.Samples < WorkWorthThreads)
            {
                target.Pulses += Rows<TStep, TDraw>(step, planes, 0, planes.Outputs);
                return;
            }
            var pulses = 0L;
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
                Interlocked.Add(ref pulses, Rows<TStep, TDraw>(step, planes, planes.Outputs * thread / threads, planes.Outputs * (thread + 1) / threads)));
            target.Pulses += pulses;
        }

        /// <summary>All pulses of outputs [begin, end); returns their number.</summary>
        private long Rows<TStep, TDraw>(TStep step, Planes planes, int begin, int end)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
        {
            var inputWords = TensorMemory.Pointer<uint>(trains.Inputs);
            var outputWords = TensorMemory.Pointer<uint>(trains.Outputs);
            var inputStride = (long)trains.InputStride;
            var outputStride = (long)trains.OutputStride;
            var inverted = target.Inverted ? 0x80000000u : 0;
            var active = stackalloc Sample[Math.Min(trains.Samples, 1024)];
            var pulses = 0L;
            for (var first = 0; first < trains.Samples; first += 1024)
            {
                for (var output = begin; output < end; output++)
                {
                    var count = 0;
                    for (var sample = first; sample < Math.Min(first + 1024, trains.Samples); sample++)
                    {
                        var word = outputWords[sample * outputStride + output];
                        if ((word & TrainPair.Slots) != 0)
                            active[count++] = new(inputWords + sample * inputStride, word ^ inverted);
                    }
                    if (count > 0)
                        pulses += Row<TStep, TDraw>(step, planes, output, active, count, rng.Split(first).Split(output).Key);
                }
            }
            return pulses;
        }

        private readonly struct Sample(uint* inputs, uint output)
        {
            public readonly uint* Inputs = inputs;
            public readonly uint Output = output;
        }

        /// <summary>All pulses of one output; returns their number.</summary>
        private long Row<TStep, TDraw>(TStep step, Planes planes, int output, Sample* active, int samples, ulong key)
            where TStep : struct, IPulseStep<TStep>
            where TDraw : struct, IDraw
        {
            var lanes = typeof(TDraw) == typeof(NoDraw) && target.WriteNoise == 0 ? default : new RandomLanes(key);
            var side = target.Side;
            int* upCounts = planes.UpCounts, downCounts = planes.DownCounts;
            var counting = upCounts is not null;
            var pulses = 0L;
            for (var column = 0; column < planes.Inputs; column += VectorLane.Width)
            {
                var index = (long)output * planes.Inputs + column;
                var width = Math.Min(VectorLane.Width, planes.Inputs - column);
                var loaded = false;
                VectorLane value = default, memory = default;
                Cell<VectorLane> cell = default;
                Vector512<int> upHits = default, downHits = default, untouched = Vector512<int>.AllBitsSet;
                for (var s = 0; s < samples; s++)
                {
                    var words = Vector512.Load(active[s].Inputs + column);
                    var slots = words & Vector512.Create(active[s].Output & TrainPair.Slots);
                    if (slots == Vector512<uint>.Zero)
                        continue;
                    var down = Vector512.ShiftRightArithmetic((words ^ Vector512.Create(active[s].Output)).AsInt32(), 31);
                    if (side != PulseSide.Both)
                    {
                        slots &= (side == PulseSide.DownOnly ? down : ~down).AsUInt32();
                        if (slots == Vector512<uint>.Zero)
                            continue;
                    }
                    if (!loaded)
                    {
                        loaded = true;
                        value = planes.Value(index, width);
                        memory = TStep.HasMemory ? planes.Memory(index, width) : 0f;
                        cell = planes.Cell(index, width);
                    }
                    do
                    {
                        var idle = Vector512.Equals(slots, Vector512<uint>.Zero);
                        slots &= slots - Vector512<uint>.One;
                        var remembered = TStep.Remember(step, memory);
                        var random = TDraw.Next(ref lanes);
                        VectorLane change = step.Up(value, remembered, cell, random);
                        if (side == PulseSide.Both)
                            change = Vector512.ConditionalSelect(down.AsSingle(), step.Down(value, remembered, cell, random).Value, change.Value);
                        value = Vector512.ConditionalSelect(idle.AsSingle(), value.Value, Clip(value + change, cell).Value);
                        if (TStep.HasMemory)
                            memory = Vector512.ConditionalSelect(idle.AsSingle(), memory.Value, remembered.Value);
                        untouched &= idle.AsInt32();
                        pulses += VectorLane.Width - BitOperations.PopCount(idle.ExtractMostSignificantBits());
                        if (counting)
                        {
                            upHits += ~idle.AsInt32() & ~down;
                            downHits += ~idle.AsInt32() & down;
                        }
                    }
                    while (slots != Vector512<uint>.Zero);
                }
                if (!loaded)
                    continue;
                planes.Store(step, value, memory, cell, ref lanes, untouched, index, width);
                if (counting)
                {
                    Planes.Count(target.Inverted ? downCounts : upCounts, upHits, index, width);
                    Planes.Count(target.Inverted ? upCounts : downCounts, downHits, index, width);
                }
            }
            return pulses;
        }
    }

    /// <summary>A number of pulses for each element, or none at all and only the weights read anew.</summary>
    private sealed unsafe class PulseVisitor(PulseTarget target, Tensor? counts, Rng rng) : IPulseStepVisitor
    {
        public void Visit<TStep>(TStep step, PulseDraw draw) where TStep : struct, IPulseStep<TStep>
        {
            var planes = Planes.Of(target);
            var requested = TensorMemory.PointerOrNull<int>(counts);
            var elements = (long)planes.Outputs * planes.Inputs;
            var signed = stackalloc int[VectorLane.Width];
            for (var index = 0L; index < elements; index += VectorLane.Width)
            {
                var width = (int)Math.Min(VectorLane.Width, elements - index);
                var value = planes.Value(index, width);
                var cell = planes.Cell(index, width);
                var lanes = new RandomLanes(rng.Split(index).Key);
                if (requested is null)
                {
                    planes.StoreWeight(step, value, cell, ref lanes, Vector512<int>.Zero, index, width);
                    continue;
                }
                var memory = TStep.HasMemory ? planes.Memory(index, width) : 0f;
                for (var lane = 0; lane < VectorLane.Width; lane++)
                    signed[lane] = lane < width ? requested[index + lane] : 0;
                var down = Vector512.ShiftRightArithmetic(Vector512.Load(signed), 31);
                var left = Vector512.Abs(Vector512.Load(signed));
                var untouched = Vector512.Equals(left, Vector512<int>.Zero);
                target.Pulses += Vector512.Sum(left);
                if (planes.UpCounts is not null)
                {
                    Planes.Count(planes.UpCounts, -(left & ~down), index, width);
                    Planes.Count(planes.DownCounts, -(left & down), index, width);
                }
                for (; left != Vector512<int>.Zero; left = Vector512.Max(left - Vector512<int>.One, Vector512<int>.Zero))
                {
                    var idle = Vector512.Equals(left, Vector512<int>.Zero).AsSingle();
                    var remembered = TStep.Remember(step, memory);
                    VectorLane random = draw switch
                    {
                        PulseDraw.Normal => lanes.NextNormal(),
                        PulseDraw.Uniform => lanes.NextUniform(),
                        _ => 0f,
                    };
                    var change = Vector512.ConditionalSelect(
                        down.AsSingle(), step.Down(value, remembered, cell, random).Value, step.Up(value, remembered, cell, random).Value);
                    value = Vector512.ConditionalSelect(idle, value.Value, Clip(value + change, cell).Value);
                    memory = Vector512.ConditionalSelect(idle, memory.Value, remembered.Value);
                }
                planes.Store(step, value, memory, cell, ref lanes, untouched, index, width);
            }
        }
    }
}
