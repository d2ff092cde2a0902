using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>Which weight a cell at full conductance stands for; larger ones cannot be held.</summary>
/// <remarks>To add one, derive a sealed record.</remarks>
public abstract record WeightRange : HardwareConfig
{
    /// <summary>The largest weight of every output, above 0.</summary>
    /// <param name="weights">Weights [outputs, inputs].</param>
    /// <returns>[outputs]</returns>
    public abstract Tensor Of(Tensor weights);

    /// <summary>Lifts values that are nothing, as of an output without weights, to 1.</summary>
    protected static Tensor OrOne(Tensor values) => where(values.gt(LastingScalars.Zero), values, ones_like(values));
}

/// <summary>A cell at full conductance is a weight of 1.</summary>
public sealed record UnitRange : WeightRange
{
    /// <inheritdoc/>
    public override Tensor Of(Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return ones(weights.shape[0], device: weights.device);
    }
}

/// <summary>The largest weight of the layer.</summary>
public sealed record LayerMaximum : WeightRange
{
    /// <inheritdoc/>
    public override Tensor Of(Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        return OrOne(weights.abs().max()).expand(weights.shape[0]).contiguous().MoveToOuterDisposeScope();
    }
}

/// <summary>The largest weight of each output, which has a digital scale of its own.</summary>
public sealed record OutputMaximum : WeightRange
{
    /// <inheritdoc/>
    public override Tensor Of(Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        return OrOne(weights.abs().amax([1])).MoveToOuterDisposeScope();
    }
}

/// <summary>Some standard deviations of the weights of the layer, if none is larger than that; larger weights are clipped.</summary>
/// <remarks>Few large weights would else leave little of the range to the many small ones.</remarks>
public sealed record LayerDeviations : WeightRange
{
    /// <summary>Number of standard deviations.</summary>
    [Unit("1")]
    public double Deviations { get; init => field = Positive(value); } = 3;

    /// <inheritdoc/>
    public override Tensor Of(Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        var range = minimum(weights.square().mean().sqrt() * (float)Deviations, weights.abs().max());
        return OrOne(range).expand(weights.shape[0]).contiguous().MoveToOuterDisposeScope();
    }
}

/// <summary>Some standard deviations of the weights of each output, if none is larger than that; larger weights are clipped.</summary>
public sealed record OutputDeviations : WeightRange
{
    /// <summary>Number of standard deviations.</summary>
    [Unit("1")]
    public double Deviations { get; init => field = Positive(value); } = 3;

    /// <inheritdoc/>
    public override Tensor Of(Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        return OrOne(minimum(weights.square().mean([1L]).sqrt() * (float)Deviations, weights.abs().amax([1]))).MoveToOuterDisposeScope();
    }
}

/// <summary>More than another range: weights use a part of the conductances alone, which takes less energy and makes noise count for more.</summary>
public sealed record Headroom : WeightRange
{
    /// <summary>The range that is widened.</summary>
    public WeightRange Range { get; init => field = NotNull(value); } = new OutputMaximum();

    /// <summary>Factor on it: at 2 the largest weight takes half of the full conductance.</summary>
    [Unit("1")]
    public double Factor { get; init => field = Within(value, 1, 1000); } = 2;

    /// <inheritdoc/>
    public override Tensor Of(Tensor weights)
    {
        using var range = Range.Of(weights);
        return range.mul((float)Factor);
    }
}
