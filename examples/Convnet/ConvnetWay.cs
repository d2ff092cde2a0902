using AnalogTorch.Cells;
using AnalogTorch.Layers;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp.Modules;

namespace AnalogTorch.Examples.Convnet;

/// <summary>One way to train the network.</summary>
/// <param name="Name">Its name in figures and plots.</param>
/// <param name="Hardware">The hardware of layers that no rule is about; null for plain floating point.</param>
/// <param name="LearningRate">Learning rate at the start; it is halved half way.</param>
/// <param name="Rules">Layers on hardware of their own.</param>
internal sealed record ConvnetWay(string Name, LayerHardware? Hardware, double LearningRate, params IReadOnlyList<LayerRule> Rules)
{
    /// <summary>Torch's own layers and optimizer.</summary>
    public static ConvnetWay Digital { get; } = new("digital", null, 0.01);

    /// <summary>All ways, in the order of the report.</summary>
    public static IReadOnlyList<ConvnetWay> All { get; } =
    [
        Digital,
        new("hardware-aware", PcmPresets.HardwareAware, 0.01),
        new("msp-lsp", PcmPresets.MspLsp, 0.01, LayerRule.Of<Conv2d>(OfConvolutions)),
    ];

    /// <summary>The cell as it suits convolutions, for which every place of the kernel is an example: 576 an image in the first layer, 64 in the second.</summary>
    /// <remarks>
    /// Transfers come as often in examples as in the linear layers, so every 14 and every 125 images. A weight gathers the pulses of all places,
    /// so a pulse moves it by half of what the number of inputs alone would give. Leakage, by which the capacitors creep 2 % of their way in 500
    /// examples, is worked in that often and not every 20, which takes half the time.
    /// </remarks>
    internal static TileConfig OfConvolutions => PcmPresets.MspLsp with
    {
        Cell = new MspLspCell { TransferEvery = 8_000, LeakEvery = 500 },
        Scaling = new FanInScaling { ReferenceInputs = 132 },
    };
}
