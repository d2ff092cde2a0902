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
