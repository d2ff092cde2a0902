using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>Random tensors as a pure function of a stream: the same numbers for any number of threads.</summary>
public static class Noise
{
    private const int BlockLength = 4096; // one stream a block, so that blocks may be filled in any order
    private const int LeastBlocksPerThread = 64; // a quarter of a million numbers; less is done before another thread has begun

    /// <summary>Standard normal numbers.</summary>
    /// <param name="rng">The stream.</param>
    /// <param name="shape">Shape of the tensor.</param>
    /// <param name="device">Where the tensor lives; null means host memory.</param>
    public static Tensor Normal(Rng rng, ReadOnlySpan<long> shape, Device? device = null)
    {
        if (device is not null && device.type != DeviceType.CPU)
        {
            using var generator = new Generator(rng.Key, device);
            return randn(shape, device: device, generator: generator);
        }
        var tensor = empty(shape);
        Fill(rng, tensor, normal: true);
        return tensor;
    }

    /// <summary>Uniform numbers in [0, 1).</summary>
    /// <inheritdoc cref="Normal"/>
    public static Tensor Uniform(Rng rng, ReadOnlySpan<long> shape, Device? device = null)
    {
        if (device is not null && device.type != DeviceType.CPU)
        {
            using var generator = new Generator(rng.Key, device);
            return rand(shape, device: device, generator: generator);
        }
        var tensor = empty(shape);
        Fill(rng, tensor, normal: false);
        return tensor;
    }

    /// <summary>Adds normal numbers to values, in one pass: target = values + deviation·ξ.</summary>
    /// <param name="rng">The stream.</param>
    /// <param name="values">The values, which stay as they are.</param>
    /// <param name="deviation">Standard deviation.</param>
    /// <param name="target">Where the sums go: contiguous, of the same shape, on the same torch device.</param>
    public static void AddNormal(Rng rng, Tensor values, float deviation, Tensor target)
    {
        if (values.device_type != DeviceType.CPU || !values.is_contiguous())
        {
            using var noise = Normal(rng, values.shape, values.device);
            target.copy_(noise.mul_(deviation).add_(values));
            return;
        }
        AddNormal(rng, values, deviation, target, values.NumberOfElements);
        GC.KeepAlive(values);
        GC.KeepAlive(target);
    }

    /// <summary>Fills a span with standard normal numbers.</summary>
    internal static void FillNormal(Rng rng, Span<float> span)
    {
        var work = new FillWork(rng, span, normal: true);
        Wide.Run(ref work);
    }

    private static unsafe void Fill(Rng rng, Tensor tensor, bool normal)
    {
        var work = new FillWork(rng, new Span<float>(TensorMemory.Pointer<float>(tensor), checked((int)tensor.NumberOfElements)), normal);
        Wide.Run(ref work);
        GC.KeepAlive(tensor);
    }

    private static unsafe void AddNormal(Rng rng, Tensor values, float deviation, Tensor target, long count)
    {
        var (source, sums) = ((nint)TensorMemory.Pointer<float>(values), (nint)TensorMemory.Pointer<float>(target));
        var blocks = (count + BlockLength - 1) / BlockLength;
        var threads = (int)Math.Min(get_num_threads(), blocks / LeastBlocksPerThread);
        if (threads <= 1)
            Part(0, blocks);
        else
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread => Part(blocks * thread / threads, blocks * (thread + 1) / threads));

        void Part(long first, long end)
        {
            var work = new AddWork(rng, (float*)source, (float*)sums, count, deviation, first, end);
            Wide.Run(ref work);
        }
    }

    /// <summary>Blocks of sums; a pair of registers of noise at a time, the last few values of an array through memory of its own.</summary>
    private readonly unsafe struct AddWork(Rng rng, float* values, float* target, long count, float deviation, long firstBlock, long endBlock) : IWideWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : struct, IWide<T>
        {
            T scale = deviation;
            for (var block = firstBlock; block < endBlock; block++)
            {
                var end = Math.Min(count, (block + 1) * BlockLength);
                var lanes = new RandomLanes<T>(rng.Split(block).Key);
                var i = block * BlockLength;
                for (; i + 2 * T.Width <= end; i += 2 * T.Width)
                {
                    var (first, second) = lanes.NextNormalPair();
                    T.Store(T.MultiplyAdd(first, scale, T.Load(values + i)), target + i);
                    T.Store(T.MultiplyAdd(second, scale, T.Load(values + i + T.Width)), target + i + T.Width);
                }
                for (; i < end; i += T.Width)
                {
                    var part = (int)Math.Min(T.Width, end - i);
                    VectorMemory.StorePart(T.MultiplyAdd(lanes.NextNormal(), scale, VectorMemory.LoadPart<T>(values + i, part)), target + i, part);
                }
            }
        }
    }

    private readonly ref struct FillWork(Rng rng, Span<float> span, bool normal) : IWideWork
    {
        private readonly Span<float> span = span;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public unsafe void Run<T>() where T : struct, IWide<T>
        {
            var tail = stackalloc float[T.Width];
            fixed (float* memory = span)
            {
                for (var start = 0; start < span.Length; start += BlockLength)
                {
                    var end = Math.Min(span.Length, start + BlockLength);
                    var lanes = new RandomLanes<T>(rng.Split(start / BlockLength).Key);
                    var i = start;
                    for (; i + T.Width <= end; i += T.Width)
                        T.Store(normal ? lanes.NextNormal() : lanes.NextUniform(), memory + i);
                    if (i == end)
                        continue;
                    T.Store(normal ? lanes.NextNormal() : lanes.NextUniform(), tail);
                    new ReadOnlySpan<float>(tail, end - i).CopyTo(span[i..end]);
                }
            }
        }
    }
}
