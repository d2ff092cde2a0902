using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>What may make a transfer due before its interval is over.</summary>
public abstract record TransferTrigger : HardwareConfig
{
    /// <summary>Examples between two looks at the less significant devices; <see cref="Schedule.Never"/> for none.</summary>
    public abstract long Interval { get; }

    /// <summary>Full pulses that a cell receives on average until a transfer is due, a pulse of half the size counting half.</summary>
    public virtual double MostPulses => double.PositiveInfinity;

    /// <summary>Whether so many of the devices are near their bounds that a transfer is due.</summary>
    /// <param name="values">Their values.</param>
    /// <param name="min">Their lower bounds, or one for all.</param>
    /// <param name="max">Their upper bounds, or one for all.</param>
    public abstract bool IsCrowded(Tensor values, Tensor min, Tensor max);
}

/// <summary>Transfers come at their interval and at no other time.</summary>
public sealed record AtInterval : TransferTrigger
{
    /// <inheritdoc/>
    public override long Interval => Schedule.Never;

    /// <inheritdoc/>
    public override bool IsCrowded(Tensor values, Tensor min, Tensor max) => false;
}

/// <summary>A transfer is due when less significant devices come near their bounds or have received many pulses, or else at its interval.</summary>
/// <remarks>
/// Cells whose upward and downward steps differ move by a share of the pulses that they receive, whatever these add up to: a mismatch of 20 % of either moves them by 14 % of
/// it, ten full steps after 70 pulses. Transfers whose polarity alternates take that back, so it is small where they come before it is large; circuits count the pulses that they send. Near is within <see cref="Margin"/> of the range from either bound, where pulses are about to be lost. Every look costs a read of the less significant devices; the
/// interval is rounded up to a whole number of looks. Share, margin and pulses are chosen here.
/// </remarks>
public sealed record AdaptiveInterval : TransferTrigger
{
    /// <summary>Examples between two looks.</summary>
    [Unit("1")]
    public int LookEvery { get; init => field = Within(value, 1, int.MaxValue); } = 250;

    /// <summary>Share of the devices near their bounds above which a transfer is due.</summary>
    [Unit("1")]
    public double Share { get; init => field = Within(value, 0, 1); } = 0.002;

    /// <summary>Part of the range that counts as near to a bound.</summary>
    [Unit("1")]
    public double Margin { get; init => field = Within(value, 0, 0.5); } = 0.02;

    /// <summary>Full pulses that a cell receives on average until a transfer is due; smaller ones count by their size.</summary>
    [Unit("1")]
    public double Pulses { get; init => field = Positive(value); } = 60;

    /// <inheritdoc/>
    public override long Interval => LookEvery;

    /// <inheritdoc/>
    public override double MostPulses => Pulses;

    /// <inheritdoc/>
    public override bool IsCrowded(Tensor values, Tensor min, Tensor max)
    {
        using var scope = NewDisposeScope();
        var margin = (max - min) * (float)Margin;
        var near = (values <= min + margin).logical_or_(values >= max - margin);
        return near.to(ScalarType.Float32).mean().item<float>() > Share;
    }
}
