using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Updates;
using BenchmarkDotNet.Attributes;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The engine applies the pulse trains of 64 samples to 512×512 devices: 16.8 million weights times samples.</summary>
public class UpdateKernel
{
    private const int Size = 512, Batch = 64;
    private readonly Rng rng = Rng.FromSeed(42);
    private PulsedDevice device = null!;
    private PulseTarget target = null!;
    private PulseTrains trains = null!;
    private DisposeScope scope = null!;
    private long step;

    /// <summary>Names of all devices of the library.</summary>
    public static IEnumerable<string> Devices => Catalog.Variants<PulsedDevice>().Select(type => type.Name);

    /// <summary>The device.</summary>
    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = "";

    /// <summary>Coincidences per weight and sample.</summary>
    [Params(0.4, 0.03, 0.003)]
    public double Density { get; set; }

    /// <summary>Makes devices and trains.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        set_num_threads(KernelReport.Threads);
        scope = NewDisposeScope();
        device = Catalog.Defaults<PulsedDevice>().Single(device => device.GetType().Name == Device);
        var planes = device.Manufacture(rng, [Size, Size]);
        target = new PulseTarget { Planes = planes, Weights = zeros(Size, Size) };
        trains = new PulseTrains(Size, Size);
        var x = Noise.Uniform(rng.Split("x"), [Batch, Size]).mul_(2f).sub_(1f);
        var delta = Noise.Uniform(rng.Split("delta"), [Batch, Size]).mul_(2f).sub_(1f);
        new StochasticTrains { BitLength = 31 }.Draw(x, delta, rate: 4 * Density, weightStep: 1, rng, trains);
        KernelReport.WarmUp(Update);
    }

    /// <summary>One update.</summary>
    [Benchmark]
    public void Update() => device.Accept(Engines.For(CPU).Update(target, trains.ForWeights, rng.Split(step++)));

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        trains.Dispose();
        scope.Dispose();
    }
}
