using AnalogTorch.Cells;
using AnalogTorch.Devices;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;

namespace AnalogTorch.Examples.Mnist;

/// <summary>One way to learn the digits.</summary>
/// <param name="Name">Its name in figures and plots.</param>
/// <param name="Hardware">The hardware of every layer; null for plain floating point.</param>
/// <param name="LearningRate">Learning rate at the start; it is halved half way.</param>
internal sealed record Way(string Name, TileConfig? Hardware, double LearningRate)
{
    /// <summary>Torch's own layers and optimizer.</summary>
    public static Way Digital { get; } = new("digital", null, 0.01);

    /// <summary>The rungs of the ladder, in the order of the report.</summary>
    public static IReadOnlyList<Way> Ladder { get; } =
    [
        Digital,
        new("pcm-pair", PcmPresets.Pair, 0.003),
        new("msp-lsp-no-inversion", PcmPresets.MspLspWithoutInversion, 0.01),
        new("msp-lsp", PcmPresets.MspLsp, 0.01),
        new("msp-lsp-physical", PcmPresets.MspLspPhysical, 0.01),
    ];

    /// <summary>A device without flaws: linear, symmetric, fine-grained, all elements alike.</summary>
    public static Way Symmetric { get; } = new(
        "symmetric",
        new TileConfig
        {
            Cell = new SingleDevice
            {
                Device = new ConstantStep
                {
                    DwMin = 0.0005,
                    Min = -1,
                    Max = 1,
                    DwMinVariation = 0,
                    UpDownVariation = 0,
                    MinVariation = 0,
                    MaxVariation = 0,
                    CycleNoise = 0,
                },
            },
        },
        0.01);

    /// <summary>All ways, by name.</summary>
    public static IReadOnlyList<Way> All { get; } = [.. Ladder, Symmetric];

    /// <summary>The same way with transfers after so many examples and at no other time, if it has transfers.</summary>
    public Way Every(int? examples) =>
        examples is { } every && Hardware is { Cell: MspLspCell cell } ? this with { Hardware = Hardware with { Cell = cell with { TransferEvery = every, Trigger = new AtInterval() } } } : this;
}
