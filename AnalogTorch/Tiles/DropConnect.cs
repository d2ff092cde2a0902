using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>Random weights are 0 at every call, as where devices are stuck.</summary>
/// <remarks>Nothing is scaled up for it, since a chip does not either.</remarks>
public sealed record DropConnect : WeightNoise
{
    /// <summary>Share of weights that are 0.</summary>
    [Unit("1")]
    public double Share { get; init => field = Within(value, 0, 1); } = 0.01;

    /// <inheritdoc/>
    public override Tensor Draw(Tensor weights, Func<Tensor> room, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(room);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var stuck = Noise.Uniform(rng, weights.shape, weights.device) < (float)Share;
        return Into(room, weights.masked_fill(stuck, 0f));
    }
}
