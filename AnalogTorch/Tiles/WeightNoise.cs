using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>Noise on the weights while a layer is trained: new at every forward call, kept for its backward, off in eval mode.</summary>
public abstract record WeightNoise : HardwareConfig
{
    /// <summary>The weights of one call.</summary>
    /// <param name="weights">The layer's weights [outputs, inputs], which stay as they are.</param>
    /// <param name="room">Gives room for noisy weights, of the same shape and on the same torch device.</param>
    /// <param name="rng">The stream of this call.</param>
    /// <returns>The weights themselves, or what <paramref name="room"/> gave, filled.</returns>
    public abstract Tensor Draw(Tensor weights, Func<Tensor> room, Rng rng);

    /// <summary>Puts values into the room for noisy weights.</summary>
    protected static Tensor Into(Func<Tensor> room, Tensor values)
    {
        var noisy = room();
        noisy.copy_(values);
        return noisy;
    }
}

/// <summary>Weights are exact.</summary>
public sealed record NoWeightNoise : WeightNoise
{
    /// <inheritdoc/>
    public override Tensor Draw(Tensor weights, Func<Tensor> room, Rng rng) => weights;
}

/// <summary>Every weight is off by a normal number of the same standard deviation: w + σ·max|w|·ξ.</summary>
/// <remarks>
/// Joshi et al., Nature Communications 11:2473 (2020), train with 3.8 % of the layer's largest weight, which is what programming
/// phase-change memory leaves.
/// </remarks>
public sealed record AdditiveWeightNoise : WeightNoise
{
    /// <summary>Standard deviation relative to the largest absolute weight of the layer (σ).</summary>
    [Unit("1")]
    public double Deviation { get; init => field = NotNegative(value); } = 0.038;

    /// <inheritdoc/>
    public override Tensor Draw(Tensor weights, Func<Tensor> room, Rng rng)
    {
        using var scope = NewDisposeScope();
        var inHostMemory = weights.device_type == DeviceType.CPU && weights.is_contiguous();
        var largest = inHostMemory ? TrainSampler.AbsMax(weights) : weights.abs().max().item<float>();
        var noisy = room();
        Noise.AddNormal(rng, weights, (float)(Deviation * largest), noisy);
        return noisy;
    }
}
