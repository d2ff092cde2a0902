using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>The HERMES project chip: 64 cores of 256×256 in 14 nm, read in four phases for full accuracy.</summary>
/// <remarks>M. Le Gallo et al., Nature Electronics 6:680 (2023): 16.1 TOP/s and 2.48 TOP/s/W in four phases (63.1 and 9.76 in one), 1.55 TOP/s/mm² in one.</remarks>
public sealed record HermesChip : PublishedTiles
{
    private const int Cores = 64;

    /// <inheritdoc/>
    public override string Source => "Measured: M. Le Gallo et al., Nature Electronics 6:680 (2023): 64 cores in 14 nm, 16.1 TOP/s and 2.48 TOP/s/W in four phases; area from 1.55 TOP/s/mm² at 63.1 TOP/s. Digital elements beside it are calibrated here.";

    /// <summary>Input lines that a tile has.</summary>
    [Unit("1")]
    public override int Inputs { get; init => field = Within(value, 1, int.MaxValue); } = 256;

    /// <summary>Output lines that a tile has.</summary>
    [Unit("1")]
    public override int Outputs { get; init => field = Within(value, 1, int.MaxValue); } = 256;

    /// <summary>Speed, two operations for each weight and read.</summary>
    [Unit("1/s")]
    public override double OperationsPerSecond { get; init => field = Positive(value); } = 16.1e12 / Cores;

    /// <summary>Efficiency in the same operations.</summary>
    [Unit("1/J")]
    public override double OperationsPerJoule { get; init => field = Positive(value); } = 2.48e12;

    /// <summary>What a tile takes up, circuits included.</summary>
    [Unit("m2")]
    public override double TileArea { get; init => field = NotNegative(value); } = 63.1 / 1.55 / Cores * 1e-6;

    /// <summary>How many devices make a weight.</summary>
    [Unit("1")]
    public override int DevicesPerWeight { get; init => field = Within(value, 1, 1000); } = 4;
}
