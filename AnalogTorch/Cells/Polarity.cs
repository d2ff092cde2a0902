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
