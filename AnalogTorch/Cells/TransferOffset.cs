using AnalogTorch.Core;

namespace AnalogTorch.Cells;

/// <summary>How a transfer makes the correction that follows it tend to raise g.</summary>
/// <remarks>g has more room upward than downward from its start voltage, so a correction by upward pulses reaches farther.</remarks>
public abstract record TransferOffset : HardwareConfig
{
    /// <summary>The part of the weight (S) that the more significant pair leaves to g on purpose, under a polarity.</summary>
    /// <param name="sign">The polarity.</param>
    public abstract double LeftToLsp(int sign);

    /// <summary>Shares of the weight (S) between these, both excluded, are so small that both devices of the more significant pair stay RESET.</summary>
    /// <param name="sign">The polarity.</param>
    public abstract (double Above, double Below) Leaves(int sign);

    /// <summary>Conductance (S) by which a transfer raises the reference cells after their RESET.</summary>
    public abstract double ReferenceRaise { get; }
}

/// <summary>Nothing is left over on purpose.</summary>
public sealed record NoOffset : TransferOffset
{
    /// <inheritdoc/>
    public override double LeftToLsp(int sign) => 0;

    /// <inheritdoc/>
    public override (double Above, double Below) Leaves(int sign) => (0, 0);

    /// <inheritdoc/>
    public override double ReferenceRaise => 0;
}

/// <summary>A part of every weight that changes sign with the polarity, so that the correction raises g under either.</summary>
/// <remarks>As published, the sign under inverted polarity supplied. This part leaks: all weights move one way during an interval.</remarks>
public sealed record PolarityOffset : TransferOffset
{
    /// <summary>Conductance that a transfer leaves to g under positive polarity (Ambrogio et al., Nature 2018, Extended Data Fig. 9).</summary>
    [Unit("S")]
    public double Offset { get; init => field = NotNegative(value); } = 2 * Units.uS;

    /// <inheritdoc/>
    public override double LeftToLsp(int sign) => sign * Offset;

    /// <inheritdoc/>
    public override (double Above, double Below) Leaves(int sign) => sign > 0 ? (0, Offset) : (-Offset, 0);

    /// <inheritdoc/>
    public override double ReferenceRaise => 0;
}

/// <summary>A part of every weight that stays the same under either polarity.</summary>
public sealed record ConstantOffset : TransferOffset
{
    /// <summary>Conductance that a transfer leaves to g, whatever the polarity.</summary>
    [Unit("S")]
    public double Offset { get; init => field = NotNegative(value); } = 2 * Units.uS;

    /// <inheritdoc/>
    public override double LeftToLsp(int sign) => Offset;

    /// <inheritdoc/>
    public override (double Above, double Below) Leaves(int sign) => (0, Offset);

    /// <inheritdoc/>
    public override double ReferenceRaise => 0;
}

/// <summary>The shared reference cells are raised instead, so that g is raised to meet them and both leak alike.</summary>
/// <remarks>An alternative to the published offset, chosen here: the room upward is the same, and no weight moves by leakage alone.</remarks>
public sealed record ReferenceOffset : TransferOffset
{
    /// <summary>Conductance by which the reference cells are raised.</summary>
    [Unit("S")]
    public double Offset { get; init => field = NotNegative(value); } = 2 * Units.uS;

    /// <summary>Largest share that stays with g.</summary>
    [Unit("S")]
    public double LeaveBelow { get; init => field = NotNegative(value); } = 0.5 * Units.uS;

    /// <inheritdoc/>
    public override double LeftToLsp(int sign) => 0;

    /// <inheritdoc/>
    public override (double Above, double Below) Leaves(int sign) => (-LeaveBelow, LeaveBelow);

    /// <inheritdoc/>
    public override double ReferenceRaise => Offset;
}
