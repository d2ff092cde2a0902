using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>The design in 90 nm of <see cref="DurationHardware"/>.</summary>
public sealed record Duration90nm : DurationHardware
{
    private const double FromFourteen = 90.0 * 90 / (14 * 14);

    /// <inheritdoc/>
    public override string Source =>
        "Transmit by duration in 90 nm, after Chang et al., IBM J. Res. Dev. 63 (2019). Equations and energies are calibrated here to its published 15.2 TOP/s/W (528-250-125-10) and 14 TOP/s/W (2×200 LSTM); areas are those assumed for 14 nm, times (90/14)².";

    /// <summary>What a unit cell takes up.</summary>
    [Unit("m2")]
    public override double CellArea { get; init => field = NotNegative(value); } = 0.4e-12 * FromFourteen;

    /// <summary>What the circuits of an input line take up.</summary>
    [Unit("m2")]
    public override double RowArea { get; init => field = NotNegative(value); } = 20e-12 * FromFourteen;

    /// <summary>What the circuits of an output line take up.</summary>
    [Unit("m2")]
    public override double ColumnArea { get; init => field = NotNegative(value); } = 80e-12 * FromFourteen;
}
