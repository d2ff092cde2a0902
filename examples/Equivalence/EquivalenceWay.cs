using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Devices;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;

namespace AnalogTorch.Examples.Equivalence;

/// <summary>A way to learn, with nothing that is of one problem.</summary>
/// <param name="Name">Its name in figures and plots.</param>
/// <param name="Hardware">The hardware of every layer; null for floating point.</param>
internal sealed record EquivalenceWay(string Name, TileConfig? Hardware)
{
    private static readonly MspLspCell Cell = (MspLspCell)PcmPresets.MspLsp.Cell;

    /// <summary>Floating point, which the others are held against.</summary>
    public static EquivalenceWay Digital { get; } = new("digital", null);

    /// <summary>The ways that are compared where nobody asks for others.</summary>
    public static IReadOnlyList<EquivalenceWay> Compared { get; } =
        [Digital, new("pcm-pair", PcmPresets.Pair), new("msp-lsp", PcmPresets.MspLsp), new("msp-lsp-physical", PcmPresets.MspLspPhysical)];

    /// <summary>The cell with one thing changed, which tells where its gap comes from.</summary>
    public static IReadOnlyList<EquivalenceWay> Ablations { get; } =
    [
        new("msp-lsp-fixed", PcmPresets.MspLspFixed),
        new("late-transfers", With(Cell with { TransferEvery = 8_000, Trigger = new AtInterval() })),
        new("every-250", With(Cell with { TransferEvery = 250, Trigger = new AtInterval() })),
        new("full-pulses", PcmPresets.MspLsp with { Update = new CountedTrains() }),
        new("twice-the-pulses", PcmPresets.MspLsp with { Update = new CountedTrains { Size = new FittedPulses { Pulses = 20, Least = 0.01 } } }),
        new("random-trains", PcmPresets.MspLsp with { Update = new AdaptiveTrains { Size = ((PulseScheme)PcmPresets.MspLsp.Update).Size } }),
        new("exact-updates", PcmPresets.MspLsp with { Update = new ExactUpdate() }),
        new("exact-writes", With(Cell with { Writer = new IdealWriter() })),
        new("no-leakage", With(Cell with { Capacitor = Cell.Capacitor with { Leakage = new NoLeakage() } })),
        new("no-mismatch", With(Cell with { Capacitor = Cell.Capacitor with { StepMismatch = 0, ThresholdMismatch = 0 } })),
        new("half-the-range", With(Cell with { SiemensPerWeight = 2 * Cell.SiemensPerWeight })),
    ];

    /// <summary>All ways, in the order of the table.</summary>
    public static IReadOnlyList<EquivalenceWay> All { get; } = [.. Compared, .. Ablations];

    private static TileConfig With(MspLspCell cell) => PcmPresets.MspLsp with { Cell = cell };
}
