using AnalogTorch.Cells;
using AnalogTorch.Examples.Convnet;
using AnalogTorch.Layers;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using TorchSharp.Modules;

namespace AnalogTorch.Examples.Transfer;

/// <summary>One way to train a head on features, or a whole network on images.</summary>
/// <param name="Name">Its name in figures and plots.</param>
/// <param name="Hardware">The hardware of layers that no rule is about; null for plain floating point.</param>
/// <param name="LearningRate">Learning rate at the start; it falls along half a cosine.</param>
/// <param name="Rules">Layers on hardware of their own.</param>
internal sealed record TransferWay(string Name, LayerHardware? Hardware, double LearningRate, params IReadOnlyList<LayerRule> Rules)
{
    /// <summary>A head in floating point, which the others are compared to.</summary>
    public static TransferWay Digital { get; } = new("digital", null, 0.1);

    /// <summary>The heads on frozen features.</summary>
    public static IReadOnlyList<TransferWay> Heads { get; } =
    [
        Digital,
        new("pcm-pair", PcmPresets.Pair, 0.1),
        new("msp-lsp", OfHeads, 0.1),
    ];

    /// <summary>The cell as it suits a last layer on scaled features.</summary>
    /// <remarks>
    /// Features in ±1 with a deviation of a third need weights up to 2, so a conductance counts for twice as much as in the first layer of the MNIST
    /// network; and a transfer comes every 4,000 examples, for a layer whose gradients do not vanish moves on. Both were chosen with SqueezeNet's
    /// features of CIFAR-10 on the last 5,000 training images, held out, with seeds 1 and 2. Leakage, by which capacitors creep 2 % of their way in 500
    /// examples, is worked in that often. Pulses shrink with the learning rate, from that of the first epoch on.
    /// </remarks>
    public static TileConfig OfHeads => PcmPresets.MspLsp with
    {
        Cell = new MspLspCell { TransferEvery = 4_000, LeakEvery = 500 },
        Scaling = new FanInScaling { ReferenceInputs = 4 * 528 },
        Update = new StochasticTrains { Size = new ShrinkingPulses { FullFrom = 0.1 } },
    };

    /// <summary>Factor on the learning rate of whole networks whose batch norm holds activations in bounds.</summary>
    public const double FactorWithBatchNorm = 10;

    /// <summary>A whole network in floating point, programmed afterwards.</summary>
    public static TransferWay Plain { get; } = new("plain", null, 0.002);

    /// <summary>A whole network that meets the hardware's noise while it is trained, programmed afterwards.</summary>
    /// <remarks>
    /// The noise of the weights is more than programming leaves: after a day there is that of drift as well, and a deep network sums the noise of its layers.
    /// </remarks>
    public static TransferWay Aware { get; } = new("hwa", PcmPresets.HardwareAwareForInference with { WeightNoise = new PerOutputWeightNoise { Deviation = 0.12 } }, 0.002);

    /// <summary>A whole network in memory: convolutions as in the example <c>convnet</c>.</summary>
    public static TransferWay InMemory { get; } = new("in-memory", PcmPresets.MspLsp, 0.002, LayerRule.Of<Conv2d>(ConvnetWay.OfConvolutions));

    /// <summary>All ways.</summary>
    public static IReadOnlyList<TransferWay> All { get; } = [.. Heads, Plain, Aware, InMemory];

    /// <summary>The way of a name.</summary>
    public static TransferWay Of(string name) => All.Single(way => way.Name == name);
}
