using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>The HERMES core: 256×256 phase-change cells in 14 nm, four devices a cell, 8-bit inputs as pulse widths.</summary>
/// <remarks>R. Khaddam-Aljameh et al., "HERMES core", VLSI Circuits 2021 and IEEE J. Solid-State Circuits 57:1027 (2022): 1.008 TOP/s, 10.5 TOP/s/W, 1.59 TOP/s/mm².</remarks>
public sealed record HermesCore : PublishedTiles
{
    /// <inheritdoc/>
    public override string Source => "Measured: R. Khaddam-Aljameh et al., HERMES core, VLSI 2021: 1.008 TOP/s, 10.5 TOP/s/W, 1.59 TOP/s/mm² of a 256×256 core in 14 nm. Digital elements beside it are calibrated here.";

    /// <summary>Input lines that a tile has.</summary>
    [Unit("1")]
    public override int Inputs { get; init => field = Within(value, 1, int.MaxValue); } = 256;

    /// <summary>Output lines that a tile has.</summary>
    [Unit("1")]
    public override int Outputs { get; init => field = Within(value, 1, int.MaxValue); } = 256;

    /// <summary>Speed, two operations for each weight and read.</summary>
    [Unit("1/s")]
    public override double OperationsPerSecond { get; init => field = Positive(value); } = 1.008e12;

    /// <summary>Efficiency in the same operations.</summary>
    [Unit("1/J")]
    public override double OperationsPerJoule { get; init => field = Positive(value); } = 10.5e12;

    /// <summary>What a tile takes up, circuits included.</summary>
    [Unit("m2")]
    public override double TileArea { get; init => field = NotNegative(value); } = 1.008 / 1.59 * 1e-6;

    /// <summary>How many devices make a weight.</summary>
    [Unit("1")]
    public override int DevicesPerWeight { get; init => field = Within(value, 1, 1000); } = 4;
}
