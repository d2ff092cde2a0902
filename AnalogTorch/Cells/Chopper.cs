using AnalogTorch.Core;

namespace AnalogTorch.Cells;

/// <summary>When the sign flips with which an input line of the fast array is pulsed and read.</summary>
/// <remarks>What an offset of the reference adds while the sign is positive is taken back while it is negative (Rasch et al., Nature Communications
/// 15:7133, 2024).</remarks>
public abstract record Chopper : HardwareConfig
{
    /// <summary>Mean number of reads of a line from one flip to the next.</summary>
    public abstract double Period { get; }

    /// <summary>Whether the sign of a line flips after a read.</summary>
    /// <param name="read">Which read of the line it is, from 0.</param>
    /// <param name="rng">A stream of this line and read alone.</param>
    public abstract bool FlipsAfter(long read, Rng rng);
}

/// <summary>The sign flips with a probability after each read, line by line.</summary>
public sealed record RandomChopper : Chopper
{
    /// <summary>Chance that the sign of a line flips at its read (ρ).</summary>
    [Unit("1")]
    public double Probability { get; init => field = Within(value, 1e-6, 1); } = 0.1;

    /// <inheritdoc/>
    public override double Period => 1 / Probability;

    /// <inheritdoc/>
    public override bool FlipsAfter(long read, Rng rng) => (rng.Key >> 11) * Math.Pow(2, -53) < Probability;
}

/// <summary>The sign flips after every so many reads of the line.</summary>
public sealed record RegularChopper : Chopper
{
    /// <summary>Reads from one flip to the next.</summary>
    [Unit("1")]
    public int Reads { get; init => field = Within(value, 1, int.MaxValue); } = 10;

    /// <inheritdoc/>
    public override double Period => Reads;

    /// <inheritdoc/>
    public override bool FlipsAfter(long read, Rng rng) => (read + 1) % Reads == 0;
}
