using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>The design of <see cref="DurationHardware"/> scaled to 14 nm: lines, routing and digital circuits take (14/90)·(0.8 V/1.2 V)² of their energy.</summary>
/// <remarks>The array does not become cheaper with the node: only lower conductances or shorter times make it so.</remarks>
public sealed record Duration14nm : DurationHardware
{
    /// <summary>The design with the factor of the node.</summary>
    public Duration14nm() => CircuitScale = CircuitScaleOf14nm;

    /// <inheritdoc/>
    public override string Source =>
        "The 90 nm design scaled here to 14 nm: energies of circuits by capacitance and supply, (14/90)·(0.8/1.2)²; areas assumed here so that a 512×512 tile gives the published band of 10 to 70 TOP/s/mm² over integration times of 320 to 45 ns.";

    /// <summary>What a unit cell takes up.</summary>
    [Unit("m2")]
    public override double CellArea { get; init => field = NotNegative(value); } = 0.4e-12;

    /// <summary>What the circuits of an input line take up.</summary>
    [Unit("m2")]
    public override double RowArea { get; init => field = NotNegative(value); } = 20e-12;

    /// <summary>What the circuits of an output line take up.</summary>
    [Unit("m2")]
    public override double ColumnArea { get; init => field = NotNegative(value); } = 80e-12;
}
