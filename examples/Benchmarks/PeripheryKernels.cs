using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Presets;
using AnalogTorch.Updates;
using BenchmarkDotNet.Attributes;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>What surrounds an array of 512×512: noise, pulse trains of 64 samples, a read of 64 samples.</summary>
public class PeripheryKernels
{
    private const int Size = 512, Batch = 64, Normals = 1 << 18;
    private readonly Rng rng = Rng.FromSeed(42);
    private readonly StochasticTrains scheme = new() { BitLength = 31 };
    private Tensor x = null!, delta = null!, weights = null!;
    private PulseTrains trains = null!;
    private DisposeScope scope = null!;
    private long step;

    /// <summary>Makes inputs and weights.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        set_num_threads(KernelReport.Threads);
        scope = NewDisposeScope();
        trains = new PulseTrains(Size, Size);
        x = Noise.Uniform(rng.Split("x"), [Batch, Size]).mul_(2f).sub_(1f);
        delta = Noise.Uniform(rng.Split("delta"), [Batch, Size]).mul_(2f).sub_(1f);
        weights = Noise.Normal(rng.Split("weights"), [Size, Size]).mul_(0.05f);
        KernelReport.WarmUp(() =>
        {
            NormalNumbers();
            StochasticTrains();
            IdealRead();
            EightBitRead();
        });
    }

    /// <summary>262,144 normal numbers in a new tensor.</summary>
    [Benchmark]
    public void NormalNumbers() => Noise.Normal(rng.Split(step++), [Normals]).Dispose();

    /// <summary>Trains of 31 slots on 512 inputs and 512 outputs, 64 samples.</summary>
    [Benchmark]
    public void StochasticTrains() => scheme.Draw(x, delta, rate: 0.12, weightStep: 1, rng.Split(step++), trains);

    /// <summary>A read without converters or noise: torch's own product.</summary>
    [Benchmark]
    public void IdealRead() => Read(new Periphery.AnalogPath());

    /// <summary>A read through 8-bit converters with output noise.</summary>
    [Benchmark]
    public void EightBitRead() => Read(PcmPresets.EightBitPath);

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        trains.Dispose();
        scope.Dispose();
    }

    private void Read(Periphery.AnalogPath path)
    {
        using var noGrad = no_grad();
        path.Read(x, weights, null, rng.Split(step++)).Dispose();
    }
}
