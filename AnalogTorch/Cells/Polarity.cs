using AnalogTorch.Core;

namespace AnalogTorch.Cells;

/// <summary>The sign with which the less significant pair counts.</summary>
public abstract record Polarity : HardwareConfig
{
    /// <summary>+1 or −1 after so many transfers.</summary>
    public abstract int Sign(long transfers);
}

/// <summary>The sign flips at every transfer, so that what an asymmetric cell adds in one interval it takes back in the next.</summary>
public sealed record AlternatingPolarity : Polarity
{
    /// <inheritdoc/>
    public override int Sign(long transfers) => transfers % 2 == 0 ? 1 : -1;
}

/// <summary>The sign is always positive, and what an asymmetric cell adds piles up.</summary>
public sealed record FixedPolarity : Polarity
{
    /// <inheritdoc/>
    public override int Sign(long transfers) => 1;
}

/// <summary>The share of the weight that a transfer leaves to the less significant pair on purpose.</summary>
/// <remarks>g has more room upward than downward from its start voltage, so the correction should tend to raise it.</remarks>
public abstract record TransferOffset : HardwareConfig
{
    /// <summary>The offset (S) under a polarity.</summary>
    public abstract double Of(int sign);
}

/// <summary>Nothing is left over on purpose.</summary>
public sealed record NoOffset : TransferOffset
{
    /// <inheritdoc/>
    public override double Of(int sign) => 0;
}

/// <summary>An offset that changes sign with the polarity, so that the correction raises g under either.</summary>
public sealed record PolarityOffset : TransferOffset
{
    /// <summary>The offset under positive polarity (Ambrogio et al., Nature 2018, Extended Data Fig. 9).</summary>
    [Unit("S")]
    public double Offset { get; init => field = NotNegative(value); } = 2 * Units.uS;

    /// <inheritdoc/>
    public override double Of(int sign) => sign * Offset;
}

/// <summary>An offset that stays the same under either polarity.</summary>
public sealed record ConstantOffset : TransferOffset
{
    /// <summary>Conductance that a transfer leaves to g, whatever the polarity.</summary>
    [Unit("S")]
    public double Offset { get; init => field = Finite(value); } = 2 * Units.uS;

    /// <inheritdoc/>
    public override double Of(int sign) => Offset;
}
