using AnalogTorch.Presets;
using AnalogTorch.Tiles;

namespace AnalogTorch.Examples.Convnet;

/// <summary>One way to train the network.</summary>
/// <param name="Name">Its name in figures and plots.</param>
/// <param name="Hardware">The hardware of all layers; null for plain floating point.</param>
/// <param name="LearningRate">Learning rate at the start; it is halved half way.</param>
internal sealed record ConvnetWay(string Name, LayerHardware? Hardware, double LearningRate)
{
    /// <summary>Torch's own layers and optimizer.</summary>
    public static ConvnetWay Digital { get; } = new("digital", null, 0.01);

    /// <summary>All ways, in the order of the report.</summary>
    public static IReadOnlyList<ConvnetWay> All { get; } =
    [
        Digital,
        new("hardware-aware", PcmPresets.HardwareAware, 0.01),
        new("msp-lsp", PcmPresets.MspLsp, 0.01),
    ];
}
