using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>Random tensors as a pure function of a stream: the same numbers for any number of threads.</summary>
public static class Noise
{
    private const int BlockLength = 4096; // one stream a block, so that blocks may be filled in any order

    /// <summary>Standard normal numbers.</summary>
    /// <param name="rng">The stream.</param>
    /// <param name="shape">Shape of the tensor.</param>
    /// <param name="device">Where the tensor lives; null means host memory.</param>
    public static Tensor Normal(Rng rng, ReadOnlySpan<long> shape, Device? device = null) => Draw(rng, shape, device, normal: true);

    /// <summary>Uniform numbers in [0, 1).</summary>
    /// <inheritdoc cref="Normal"/>
    public static Tensor Uniform(Rng rng, ReadOnlySpan<long> shape, Device? device = null) => Draw(rng, shape, device, normal: false);

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
        Add(rng, values, deviation, target);
    }

    /// <summary>Fills a span with standard normal numbers.</summary>
    internal static void FillNormal(Rng rng, Span<float> span)
    {
        var work = new FillWork(rng, span, normal: true);
        Wide.Run(ref work);
    }

    private static Tensor Draw(Rng rng, ReadOnlySpan<long> shape, Device? device, bool normal)
    {
        if (device is not null && device.type != DeviceType.CPU)
        {
            using var generator = new Generator(rng.Key, device);
            return normal ? randn(shape, device: device, generator: generator) : rand(shape, device: device, generator: generator);
        }
        var tensor = empty(shape);
        Fill(rng, tensor, normal);
        return tensor;
    }

    private static unsafe void Fill(Rng rng, Tensor tensor, bool normal)
    {
        var work = new FillWork(rng, new Span<float>(TensorMemory.Pointer<float>(tensor), checked((int)tensor.NumberOfElements)), normal);
        Wide.Run(ref work);
        GC.KeepAlive(tensor);
    }

    private static unsafe void Add(Rng rng, Tensor values, float deviation, Tensor target)
    {
        // One thread: on two cores that were shared with another program, a second one gained nothing at 1 to 16 million numbers.
        var work = new AddWork(rng, TensorMemory.Pointer<float>(values), TensorMemory.Pointer<float>(target), values.NumberOfElements, deviation);
        Wide.Run(ref work);
        GC.KeepAlive(values);
        GC.KeepAlive(target);
    }

    /// <summary>Blocks of sums; a pair of registers of noise at a time, the last few values of an array through memory of its own.</summary>
    private readonly unsafe struct AddWork(Rng rng, float* values, float* target, long count, float deviation) : IWideWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : struct, IWide<T>
        {
            T scale = deviation;
            for (var start = 0L; start < count; start += BlockLength)
            {
                var end = Math.Min(count, start + BlockLength);
                var lanes = new RandomLanes<T>(rng.Split(start / BlockLength).Key);
                var i = start;
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
