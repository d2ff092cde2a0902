using AnalogTorch.Models.Networks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Transfer;

/// <summary>The last feature maps of a backbone, averaged over N×N parts of the image: N² times as many features as a global average gives.</summary>
/// <remarks>SqueezeNet's 512 maps over 2×2 parts are 2,048 features, as many as the last layer of ResNet-50 or Inception v3 sees.</remarks>
public sealed class PooledBackbone : Module<Tensor, Tensor>
{
    private readonly ImageNetwork network;
    private readonly int side;

    /// <summary>A backbone whose maps are averaged over parts; it becomes a part of this module.</summary>
    /// <param name="network">The backbone.</param>
    /// <param name="side">Parts in each direction.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no part.</exception>
    public PooledBackbone(ImageNetwork network, int side) : base(nameof(PooledBackbone))
    {
        if (side < 1)
            throw new ArgumentOutOfRangeException(nameof(side), $"PooledBackbone needs one part or more in each direction, but got {side}.");
        (this.network, this.side) = (network, side);
        RegisterComponents();
    }

    /// <summary>The features, [batch, maps · side²].</summary>
    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        return functional.adaptive_avg_pool2d(network.FeatureMaps(images), side).flatten(1).MoveToOuterDisposeScope();
    }
}
