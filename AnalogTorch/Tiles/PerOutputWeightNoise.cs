using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>Every weight is off by a normal number whose standard deviation is a share of its output's largest weight.</summary>
/// <remarks>Analog foundation models are trained so, with 3 % (IBM analog-foundation-models).</remarks>
public sealed record PerOutputWeightNoise : WeightNoise
{
    /// <summary>Standard deviation relative to the largest absolute weight of the output (σ).</summary>
    [Unit("1")]
    public double Deviation { get; init => field = NotNegative(value); } = 0.03;

    /// <inheritdoc/>
    public override Tensor Draw(Tensor weights, Func<Tensor> room, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(room);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return Into(room, Noise.Normal(rng, weights.shape, weights.device).mul_(weights.abs().amax([1], keepdim: true).mul_((float)Deviation)).add_(weights));
    }
}
