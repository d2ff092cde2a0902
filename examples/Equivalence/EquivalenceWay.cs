using AnalogTorch.Presets;
using AnalogTorch.Tiles;

namespace AnalogTorch.Examples.Equivalence;

/// <summary>A way to learn, with nothing that is of one problem.</summary>
/// <param name="Name">Its name in figures and plots.</param>
/// <param name="Hardware">The hardware of every layer; null for floating point.</param>
internal sealed record EquivalenceWay(string Name, TileConfig? Hardware)
{
    /// <summary>Floating point, which the others are held against.</summary>
    public static EquivalenceWay Digital { get; } = new("digital", null);

    /// <summary>All ways, in the order of the table.</summary>
    public static IReadOnlyList<EquivalenceWay> All { get; } = [Digital, new("pcm-pair", PcmPresets.Pair), new("msp-lsp", PcmPresets.MspLsp), new("msp-lsp-physical", PcmPresets.MspLspPhysical)];
}
