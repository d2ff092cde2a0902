using AnalogTorch.Presets;
using AnalogTorch.Tiles;

namespace AnalogTorch.Examples.Transfer;

/// <summary>One way to train a head on features, or a whole network on images.</summary>
/// <param name="Name">Its name in figures and plots.</param>
/// <param name="Hardware">The hardware of all layers; null for plain floating point.</param>
/// <param name="LearningRate">Learning rate at the start; it falls along half a cosine.</param>
internal sealed record TransferWay(string Name, LayerHardware? Hardware, double LearningRate)
{
    /// <summary>A head in floating point, which the others are compared to.</summary>
    public static TransferWay Digital { get; } = new("digital", null, 0.1);

    /// <summary>The heads on frozen features.</summary>
    public static IReadOnlyList<TransferWay> Heads { get; } =
    [
        Digital,
        new("pcm-pair", PcmPresets.Pair, 0.1),
        new("msp-lsp", PcmPresets.MspLsp, 0.1),
    ];

    /// <summary>Factor on the learning rate of whole networks whose batch norm holds activations in bounds.</summary>
    public const double FactorWithBatchNorm = 10;

    /// <summary>A whole network in floating point, programmed afterwards.</summary>
    public static TransferWay Plain { get; } = new("plain", null, 0.002);

    /// <summary>A whole network that meets the hardware's noise while it is trained, programmed afterwards.</summary>
    /// <remarks>
    /// The noise of the weights is more than programming leaves: after a day there is that of drift as well, and a deep network sums the noise of its layers.
    /// </remarks>
    public static TransferWay Aware { get; } = new("hwa", PcmPresets.HardwareAwareForInference with { WeightNoise = new PerOutputWeightNoise { Deviation = 0.12 } }, 0.002);

    /// <summary>A whole network in memory.</summary>
    public static TransferWay InMemory { get; } = new("in-memory", PcmPresets.MspLsp, 0.002);

    /// <summary>All ways.</summary>
    public static IReadOnlyList<TransferWay> All { get; } = [.. Heads, Plain, Aware, InMemory];

    /// <summary>The way of a name.</summary>
    public static TransferWay Of(string name) => All.Single(way => way.Name == name);
}
