using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>How digital circuits make up for conductances that have drifted.</summary>
public abstract record DriftCompensation : HardwareConfig
{
    /// <summary>What the outputs of one tile are to be multiplied by.</summary>
    /// <param name="reads">What is known of the tile.</param>
    /// <returns>Factors [outputs]; null for none.</returns>
    public abstract Tensor? Factors(ReferenceReads reads);
}

/// <summary>What a compensation can know of one tile.</summary>
/// <param name="Before">Outputs for reference inputs right after programming, as the tile gave them [inputs, outputs].</param>
/// <param name="Now">Outputs for the same inputs now [inputs, outputs].</param>
/// <param name="Wanted">The weights that were to be programmed [outputs, inputs]; a chip does not know them.</param>
/// <param name="Held">The weights that the devices hold now [outputs, inputs]; a chip does not know them either.</param>
public sealed record ReferenceReads(Tensor Before, Tensor Now, Tensor Wanted, Tensor Held);

/// <summary>Outputs are taken as they come.</summary>
public sealed record NoCompensation : DriftCompensation
{
    /// <inheritdoc/>
    public override Tensor? Factors(ReferenceReads reads) => null;
}

/// <summary>One factor a tile: the mean magnitude of its reference outputs then, over that now.</summary>
/// <remarks>Joshi et al., Nature Communications 11:2473 (2020).</remarks>
public sealed record GlobalCompensation : DriftCompensation
{
    /// <inheritdoc/>
    public override Tensor Factors(ReferenceReads reads)
    {
        ArgumentNullException.ThrowIfNull(reads);
        using var scope = NewDisposeScope();
        return Compensations.Ratio(reads.Before.abs().mean(), reads.Now.abs().mean()).expand(reads.Now.shape[1]).contiguous().MoveToOuterDisposeScope();
    }
}

/// <summary>One factor an output: the mean magnitude of its reference values then, over that now.</summary>
public sealed record PerOutputCompensation : DriftCompensation
{
    /// <inheritdoc/>
    public override Tensor Factors(ReferenceReads reads)
    {
        ArgumentNullException.ThrowIfNull(reads);
        using var scope = NewDisposeScope();
        return Compensations.Ratio(reads.Before.abs().mean([0L]), reads.Now.abs().mean([0L])).MoveToOuterDisposeScope();
    }
}

/// <summary>One factor a tile: the inverse slope of the line through its reference outputs now against those then.</summary>
/// <remarks>Least squares; noise of the reads averages out of it instead of adding to magnitudes. Ambrogio et al., IEDM 2019.</remarks>
public sealed record SlopeCompensation : DriftCompensation
{
    /// <inheritdoc/>
    public override Tensor Factors(ReferenceReads reads)
    {
        ArgumentNullException.ThrowIfNull(reads);
        using var scope = NewDisposeScope();
        return Compensations.Ratio(reads.Before.square().sum(), (reads.Now * reads.Before).sum()).expand(reads.Now.shape[1]).contiguous().MoveToOuterDisposeScope();
    }
}

/// <summary>One factor an output that brings the weights as near as a factor can to those that were wanted: a bound, not a circuit.</summary>
public sealed record ExactCompensation : DriftCompensation
{
    /// <inheritdoc/>
    public override Tensor Factors(ReferenceReads reads)
    {
        ArgumentNullException.ThrowIfNull(reads);
        using var scope = NewDisposeScope();
        return Compensations.Ratio((reads.Wanted * reads.Held).sum(1), reads.Held.square().sum(1)).MoveToOuterDisposeScope();
    }
}

/// <summary>What the compensations share.</summary>
file static class Compensations
{
    /// <summary>A quotient where both parts say something, and 1 elsewhere.</summary>
    public static Tensor Ratio(Tensor before, Tensor now) => where((before > 0f).logical_and(now > 0f), before / now.clamp_min(float.Epsilon), ones_like(before));
}
