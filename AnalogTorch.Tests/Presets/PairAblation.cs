using System.Globalization;
using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Presets;

/// <summary>What keeps pairs of phase-change devices from learning behind sigmoids: one property is changed, and a network trained.</summary>
internal static class PairAblation
{
    public const string Argument = "--pair-ablation";
    private const int FirstHeldOut = 50_000, HeldOut = 2_000, Batch = 8;
    private const double Rate = 0.05;

    private static readonly PcmSet Device = new();
    private static readonly OneSidedPair Cell = new();
    private static readonly OccasionalReset Refresh = new();

    /// <summary>The hardware by name; null for floating point.</summary>
    public static IReadOnlyDictionary<string, TileConfig?> Ways { get; } = new Dictionary<string, TileConfig?>
    {
        ["digital"] = null,
        ["ExpStepPair"] = PcmPresets.ExpStepPair,
        ["DensePair"] = PcmPresets.DensePair,
        ["Pair"] = PcmPresets.Pair,
        ["20 uS a weight"] = Of(Cell with { ValuePerWeight = 20 * Units.uS }),
        ["10 uS a weight"] = Of(Cell with { ValuePerWeight = 10 * Units.uS }),
        ["5 uS a weight"] = Of(Cell with { ValuePerWeight = 5 * Units.uS }),
        ["scaled to 784 inputs"] = PcmPresets.Pair with { Scaling = new FanInScaling { ReferenceInputs = 784 } },
        ["highest conductance 40 uS"] = Of(Device with { GMax = 40 * Units.uS }),
        ["steps a quarter"] = Of(Device with
        {
            MeanStep = Device.MeanStep / 4,
            MeanSlope = Device.MeanSlope / 4,
            MeanHistory = Device.MeanHistory / 4,
            NoiseStep = Device.NoiseStep / 4,
            NoiseSlope = Device.NoiseSlope / 4,
            NoiseHistory = Device.NoiseHistory / 4,
            Granularity = Device.Granularity / 4,
        }),
        ["no noise of steps"] = Of(Device with { NoiseStep = 0, NoiseSlope = 0, NoiseHistory = 0 }),
        ["no large first steps"] = Of(Device with { MeanHistory = 0, NoiseHistory = 0 }),
        ["steps alike at every conductance"] = Of(Device with { MeanSlope = 0, MeanStep = Device.Granularity, MeanHistory = 0, NoiseHistory = 0 }),
        ["never RESET"] = Of(Cell with { Refresh = new NoRefresh() }),
        ["RESET every 100"] = Of(Cell with { Refresh = Refresh with { Every = 100 } }),
        ["RESET every 2000"] = Of(Cell with { Refresh = Refresh with { Every = 2000 } }),
        ["RESET above 5 uS"] = Of(Cell with { Refresh = Refresh with { Threshold = 5 * Units.uS } }),
        ["RESET above 12 uS"] = Of(Cell with { Refresh = Refresh with { Threshold = 12 * Units.uS } }),
        ["trains of 31"] = PcmPresets.Pair with { Update = new StochasticTrains { BitLength = 31 } },
        ["exact changes, no pulses"] = PcmPresets.Pair with { Update = new ExactUpdate() },
    };

    /// <summary>Trains all ways, or those that are named, on MNIST, and prints accuracies on held-out training images.</summary>
    public static int Run(string folder, int images, int epochs, int seeds, IReadOnlyList<string> names)
    {
        set_num_threads(1);
        using var all = Mnist.Load(DataFolder.Open(folder), train: true);
        foreach (var name in names.Count == 0 ? [.. Ways.Keys] : names)
        {
            var accuracies = Enumerable.Range(1, seeds).Select(seed =>
            {
                random.manual_seed(seed); // nothing else draws in this process
                return Train(Ways[name], all, images, epochs, seed, _ => { });
            }).ToArray();
            var bySeed = string.Join(", ", accuracies.Select(accuracy => accuracy.ToString("P1", CultureInfo.InvariantCulture)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {accuracies.Average():P1} | {bySeed} |"));
        }
        return 0;
    }

    /// <summary>Share of held-out training images that 784-256-128-10 sigmoids get right, mean over the last half of the epochs.</summary>
    public static double Train(TileConfig? hardware, ImageSet all, int images, int epochs, int seed, Action<TorchSharp.Modules.Sequential> setStart)
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(
            ("fc1", Linear(784, 256)), ("a1", Sigmoid()), ("fc2", Linear(256, 128)), ("a2", Sigmoid()), ("fc3", Linear(128, 10)));
        setStart(model);
        if (hardware is not null)
            model.ToAnalog(hardware, seed);
        using optim.Optimizer optimizer = hardware is null ? optim.SGD(model.parameters(), Rate) : new AnalogSGD(model.parameters(), Rate);
        using var loss = CrossEntropyLoss();
        var (pixels, heldOut, labels) = (all.Flatten(), all.Flatten().narrow(0, FirstHeldOut, HeldOut), all.Labels.narrow(0, FirstHeldOut, HeldOut));
        var accuracies = new double[epochs];
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            using var ofEpoch = NewDisposeScope();
            using var generator = new Generator((ulong)(seed * 1_000_003 + epoch));
            var order = randperm(images, generator: generator);
            var (x, y) = (pixels.index_select(0, order), all.Labels.index_select(0, order));
            for (var start = 0; start < images; start += Batch)
            {
                using var ofStep = NewDisposeScope();
                var count = Math.Min(Batch, images - start);
                optimizer.zero_grad();
                loss.call(model.call(x.narrow(0, start, count)), y.narrow(0, start, count)).backward();
                optimizer.step();
            }
            using var noGrad = no_grad();
            model.eval();
            accuracies[epoch] = model.call(heldOut).argmax(1).eq(labels).to(ScalarType.Float32).mean().item<float>();
            model.train();
        }
        return accuracies[(epochs / 2)..].Average();
    }

    /// <summary>Start values as torch draws them, ±1/√inputs, of a stream of their own.</summary>
    internal static void Start(TorchSharp.Modules.Sequential model, Rng rng)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, layer) in model.named_children())
            if (layer is TorchSharp.Modules.Linear linear)
                foreach (var (parameter, role) in new[] { (linear.weight!, "weight"), (linear.bias!, "bias") })
                {
                    var range = (float)(1 / Math.Sqrt(linear.weight!.shape[1]));
                    parameter.copy_((Noise.Uniform(rng.Split(name).Split(role), parameter.shape) * 2f - 1f) * range);
                }
    }

    private static TileConfig Of(OneSidedPair cell) => PcmPresets.Pair with { Cell = cell };

    private static TileConfig Of(PcmSet device) => Of(Cell with { Device = device });
}
