using AnalogTorch.Cells;
using AnalogTorch.Devices;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The hardware of the rows.</summary>
internal static class BenchmarkHardware
{
    /// <summary>Trains of 31 slots, the default of the simulators to compare with, and the most that a word has room for.</summary>
    private static readonly StochasticTrains Trains = new() { BitLength = 31 };

    /// <summary>A step that shrinks towards the bounds, with 30 % noise from pulse to pulse and 30 % variation from device to device.</summary>
    public static TileConfig SoftBounds { get; } = new() { Cell = new SingleDevice { Device = new SoftBounds() }, Update = Trains };

    /// <summary>The same step everywhere, with the same noise and variation.</summary>
    public static TileConfig ConstantStep { get; } = new() { Cell = new SingleDevice { Device = new ConstantStep() }, Update = Trains };

    /// <summary>Pairs of phase-change devices, refreshed every 500 examples.</summary>
    public static TileConfig PcmPair => PcmPresets.Pair;

    /// <summary>The 2T2R+3T1C cell, with a transfer every 8,000 examples.</summary>
    public static TileConfig MspLsp => PcmPresets.MspLsp;

    /// <summary>Converters and noise in the forward read alone.</summary>
    public static TileConfig EightBitForward { get; } = ConstantStep with { Forward = PcmPresets.EightBitPath };

    /// <summary>Converters and noise in both reads.</summary>
    public static TileConfig EightBitBothWays { get; } = EightBitForward with { Backward = PcmPresets.EightBitPath };

    /// <summary>Tiki-Taka version 2 on the device of <see cref="SoftBounds"/>, a line every two examples.</summary>
    public static TileConfig TikiTakaV2 { get; } = SoftBounds with { Cell = new BufferedTikiTaka { Fast = new SoftBounds(), Slow = new SoftBounds(), TransferEvery = 2 } };

    /// <summary>AGAD on the same, a line every two examples.</summary>
    public static TileConfig Agad { get; } = SoftBounds with { Cell = new Agad { Fast = new SoftBounds(), Slow = new SoftBounds(), TransferEvery = 2 } };

    /// <summary>Mixed precision on the same, transferred after every batch.</summary>
    public static TileConfig MixedPrecision { get; } = new()
    {
        Cell = new MixedPrecision { Synapse = new BidirectionalSynapse { Device = new SoftBounds() }, TransferEvery = 64 },
        Update = new ExactUpdate(),
    };

    /// <summary>The hardware of the memory rows, by name.</summary>
    public static IReadOnlyDictionary<string, TileConfig> ByName { get; } = new Dictionary<string, TileConfig>
    {
        ["constant-step"] = ConstantStep,
        ["soft-bounds"] = SoftBounds,
        ["pcm-pair"] = PcmPair,
        ["msp-lsp"] = MspLsp,
    };
}
