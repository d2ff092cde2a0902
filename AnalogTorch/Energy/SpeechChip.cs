using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>The 34-tile chip for speech recognition in 14 nm: 512 inputs and 512 outputs a tile, four devices a weight.</summary>
/// <remarks>S. Ambrogio et al., Nature 620:768 (2023): 12.4 TOP/s/W sustained. Time of a read and area of a tile are not among the figures used: a read of 300 ns and the area of the 14 nm design are assumed here.</remarks>
public sealed record SpeechChip : PublishedTiles
{
    /// <inheritdoc/>
    public override string Source => "Measured: S. Ambrogio et al., Nature 620:768 (2023): 12.4 TOP/s/W sustained, 512×2,048 devices a tile. A read of 300 ns and 0.156 mm² a tile are assumed here; digital elements are calibrated here.";

    /// <summary>Input lines that a tile has.</summary>
    [Unit("1")]
    public override int Inputs { get; init => field = Within(value, 1, int.MaxValue); } = 512;

    /// <summary>Output lines that a tile has.</summary>
    [Unit("1")]
    public override int Outputs { get; init => field = Within(value, 1, int.MaxValue); } = 512;

    /// <summary>Speed, two operations for each weight and read.</summary>
    [Unit("1/s")]
    public override double OperationsPerSecond { get; init => field = Positive(value); } = 2.0 * 512 * 512 / (300 * Units.ns);

    /// <summary>Efficiency in the same operations.</summary>
    [Unit("1/J")]
    public override double OperationsPerJoule { get; init => field = Positive(value); } = 12.4e12;

    /// <summary>What a tile takes up, circuits included.</summary>
    [Unit("m2")]
    public override double TileArea { get; init => field = NotNegative(value); } = 0.156e-6;

    /// <summary>How many devices make a weight.</summary>
    [Unit("1")]
    public override int DevicesPerWeight { get; init => field = Within(value, 1, 1000); } = 4;
}
