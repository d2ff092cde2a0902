using AnalogTorch.Cells;
using AnalogTorch.Layers;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;

namespace AnalogTorch.Examples.Convnet;

/// <summary>One way to train the network.</summary>
/// <param name="Name">Its name in figures and plots.</param>
/// <param name="Hardware">The hardware of layers that no rule is about; null for plain floating point.</param>
/// <param name="LearningRate">Learning rate at the start; it is halved half way.</param>
/// <param name="Layers">Hardware of layers of their own, by name.</param>
internal sealed record ConvnetWay(string Name, LayerHardware? Hardware, double LearningRate, params IReadOnlyList<(string Layer, LayerHardware Hardware)> Layers)
{
    /// <summary>Torch's own layers and optimizer.</summary>
    public static ConvnetWay Digital { get; } = new("digital", null, 0.01);

    /// <summary>All ways, in the order of the report.</summary>
    public static IReadOnlyList<ConvnetWay> All { get; } =
    [
        Digital,
        new("hardware-aware", PcmPresets.HardwareAware, 0.01),
        new("msp-lsp", PcmPresets.MspLsp, 0.01, ("conv1", Every(Env("C1", 8000), Env("R1", 528))), ("conv2", Every(Env("C2", 8000), Env("R2", 528)))),
    ];

    private static int Env(string n, int d) => Environment.GetEnvironmentVariable(n) is { } v ? int.Parse(v) : d;

    /// <summary>The rules of the conversion.</summary>
    public LayerRule[] Rules => [.. Layers.Select(entry => LayerRule.Named(entry.Layer, entry.Hardware))];

    private static TileConfig Every(int examples, int re = 528) => PcmPresets.MspLsp with { Cell = new MspLspCell { TransferEvery = examples, ExampleTime = Env("T0", 240) * 1e-9 }, Scaling = new FanInScaling { ReferenceInputs = re } };
}
