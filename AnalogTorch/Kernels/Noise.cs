using System.Runtime.Intrinsics;
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
        FillNormal(rng, tensor);
        return tensor;
    }

    /// <summary>Uniform numbers in [0, 1).</summary>
    /// <inheritdoc cref="Normal"/>
    public static Tensor Uniform(Rng rng, ReadOnlySpan<long> shape, Device? device = null)
    {
        // Torch's generators give the same numbers for any number of threads on the CPU; here speed does not matter.
        using var generator = new Generator(rng.Key, device ?? CPU);
        return rand(shape, device: device, generator: generator);
    }

    /// <summary>Fills a contiguous float tensor in host memory with standard normal numbers.</summary>
    internal static unsafe void FillNormal(Rng rng, Tensor tensor)
    {
        fixed (byte* memory = tensor.bytes)
            FillNormal(rng, new Span<float>(memory, checked((int)tensor.NumberOfElements)));
        GC.KeepAlive(tensor);
    }

    /// <summary>Fills a span with standard normal numbers.</summary>
    internal static void FillNormal(Rng rng, Span<float> span)
    {
        Span<float> tail = stackalloc float[VectorLane.Width];
        for (var block = 0; block * BlockLength < span.Length; block++)
        {
            var part = span[(block * BlockLength)..Math.Min(span.Length, (block + 1) * BlockLength)];
            var lanes = new RandomLanes(rng.Split(block).Key);
            for (; part.Length >= VectorLane.Width; part = part[VectorLane.Width..])
                lanes.NextNormal().CopyTo(part);
            if (part.Length > 0)
            {
                lanes.NextNormal().CopyTo(tail);
                tail[..part.Length].CopyTo(part);
            }
        }
    }
}
