using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>How far weights may grow while they are trained: what is beyond is cut off before the next read.</summary>
/// <remarks>A chip's range is set by the largest weight, so a few large ones cost all others their precision.</remarks>
public abstract record WeightClip : HardwareConfig
{
    /// <summary>The largest weights that may be.</summary>
    /// <param name="weights">Weights [outputs, inputs].</param>
    /// <returns>Limits that broadcast over the weights; null for none.</returns>
    public abstract Tensor? Limits(Tensor weights);
}

/// <summary>Weights grow as they like.</summary>
public sealed record NoClip : WeightClip
{
    /// <inheritdoc/>
    public override Tensor? Limits(Tensor weights) => null;
}

/// <summary>Weights stay within a fixed limit.</summary>
public sealed record FixedClip : WeightClip
{
    /// <summary>The largest weight.</summary>
    [Unit("w")]
    public double Limit { get; init => field = Positive(value); } = 1;

    /// <inheritdoc/>
    public override Tensor Limits(Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return full([1, 1], (float)Limit, device: weights.device);
    }
}

/// <summary>Weights stay within some standard deviations of those of the layer.</summary>
/// <remarks>Joshi et al., Nature Communications 11:2473 (2020), train with 2 to 2.5.</remarks>
public sealed record LayerClip : WeightClip
{
    /// <summary>Number of standard deviations.</summary>
    [Unit("1")]
    public double Deviations { get; init => field = Positive(value); } = 2.5;

    /// <inheritdoc/>
    public override Tensor Limits(Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        return weights.square().mean().sqrt().mul_((float)Deviations).view(1, 1).MoveToOuterDisposeScope();
    }
}

/// <summary>Weights stay within some standard deviations of those of their output.</summary>
/// <remarks>Analog foundation models are trained so, with 2.5 to 3 (IBM analog-foundation-models).</remarks>
public sealed record OutputClip : WeightClip
{
    /// <summary>Number of standard deviations.</summary>
    [Unit("1")]
    public double Deviations { get; init => field = Positive(value); } = 2.5;

    /// <inheritdoc/>
    public override Tensor Limits(Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using var scope = NewDisposeScope();
        return weights.square().mean([1L], keepdim: true).sqrt().mul_((float)Deviations).MoveToOuterDisposeScope();
    }
}
