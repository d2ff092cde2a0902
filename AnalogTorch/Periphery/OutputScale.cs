using static TorchSharp.torch;

namespace AnalogTorch.Periphery;

/// <summary>What one unit of an array's output stands for, output by output.</summary>
/// <remarks>
/// Noise and converters of the outputs see Σ w·x/unit, where a cell at full conductance counts 1; what they give is multiplied by the gain, a
/// digital number beside each converter. Where the gain is not the unit itself, it makes up for drift.
/// </remarks>
public sealed class OutputScale : IDisposable
{
    /// <summary>Scales of outputs.</summary>
    /// <param name="unit">Weight that a cell at full conductance stands for [outputs]; all above 0.</param>
    /// <param name="correction">What else outputs are multiplied by [blocks of inputs, outputs]; null for nothing.</param>
    public OutputScale(Tensor unit, Tensor? correction = null)
    {
        ArgumentNullException.ThrowIfNull(unit);
        using var scope = NewDisposeScope();
        (Unit, PerUnit) = (Keep(unit.alias()), Keep(unit.reciprocal()));
        Correction = correction is null ? null : Keep(correction.alias());
        Gain = Keep(correction is null ? unit.unsqueeze(0) : unit * correction);

        static Tensor Keep(Tensor tensor) => tensor.contiguous().DetachFromDisposeScope();
    }

    /// <summary>Weight that a cell at full conductance stands for [outputs].</summary>
    public Tensor Unit { get; }

    /// <summary>1/unit [outputs].</summary>
    public Tensor PerUnit { get; }

    /// <summary>What converted outputs are multiplied by [blocks of inputs, outputs].</summary>
    public Tensor Gain { get; }

    /// <summary>The gain over the unit [blocks of inputs, outputs]; null where they are the same.</summary>
    public Tensor? Correction { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in new[] { Unit, PerUnit, Gain, Correction })
            tensor?.Dispose();
    }

    /// <summary>The scale of some outputs.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many.</param>
    public OutputScale Narrow(long first, long count) => new(Unit.narrow(0, first, count), Correction?.narrow(1, first, count));

    /// <summary>The scale of the tile that holds a block of inputs.</summary>
    /// <param name="block">The number of the block.</param>
    public OutputScale OfBlock(long block) => Correction is null || Correction.shape[0] == 1 ? new(Unit, Correction) : new(Unit, Correction.narrow(0, block, 1));

    /// <summary>The weights that a digital product would need to give the same: corrected, tile by tile.</summary>
    /// <param name="weights">Weights [outputs, inputs].</param>
    /// <param name="lines">Inputs of a block.</param>
    public Tensor Corrected(Tensor weights, long lines)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (Correction is null)
            return weights.alias();
        if (Correction.shape[0] == 1)
            return weights * Correction.t();
        using var scope = NewDisposeScope();
        return (weights * Correction.t().repeat_interleave(lines, 1).narrow(1, 0, weights.shape[1])).MoveToOuterDisposeScope();
    }
}
