using AnalogTorch.Cells;
using AnalogTorch.Layers;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
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
        new("pcm-pair", PcmPresets.Pair, 0.02),
        new("msp-lsp", PcmPresets.MspLsp, 0.02),
    ];

    /// <summary>A whole network in floating point, programmed afterwards.</summary>
    public static TransferWay Plain { get; } = new("plain", null, 0.002);

    /// <summary>A whole network that meets the hardware's noise while it is trained, programmed afterwards.</summary>
    public static TransferWay Aware { get; } = new("hwa", PcmPresets.HardwareAwareForInference, 0.002);

    /// <summary>A whole network in memory: convolutions as in the example <c>convnet</c>.</summary>
    public static TransferWay InMemory { get; } = new("in-memory", PcmPresets.MspLsp, 0.002, LayerRule.Of<Conv2d>(PcmPresets.MspLsp with
    {
        Cell = new MspLspCell { TransferEvery = 8_000, LeakEvery = 500 },
        Scaling = new FanInScaling { ReferenceInputs = 132 },
    }));

    /// <summary>All ways.</summary>
    public static IReadOnlyList<TransferWay> All { get; } = [.. Heads, Plain, Aware, InMemory];

    /// <summary>The way of a name.</summary>
    public static TransferWay Of(string name) => All.Single(way => way.Name == name);
}
