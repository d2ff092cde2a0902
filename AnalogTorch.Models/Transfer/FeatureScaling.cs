using AnalogTorch.Core;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Transfer;

/// <summary>Features brought to [−1, 1], as the inputs of an array want them: each less its mean, over a number of its standard deviations, cut off beyond.</summary>
/// <remarks>
/// A layer without weights: mean and factor are buffers, taken from the training features and frozen. Features that are all positive drive every input of
/// an array at once; without their mean, an update moves weights in both directions. A feature that never changes becomes 0.
/// </remarks>
public sealed class FeatureScaling : Module<Tensor, Tensor>
{
    private readonly Tensor mean;
    private readonly Tensor factor;

    /// <summary>A layer that lets features pass as they are but for the cut at ±1; <see cref="Fit"/> or a state dict gives it its numbers.</summary>
    /// <param name="width">Number of features.</param>
    public FeatureScaling(long width) : base(nameof(FeatureScaling))
    {
        register_buffer(nameof(mean), mean = zeros(width).DetachFromDisposeScope());
        register_buffer(nameof(factor), factor = ones(width).DetachFromDisposeScope());
        RegisterComponents();
    }

    /// <summary>A layer for features of which these are examples.</summary>
    /// <param name="features">float32 [examples, width].</param>
    /// <param name="deviations">Standard deviations that become 1.</param>
    /// <exception cref="ArgumentException">The features are of another shape, or the number is not positive.</exception>
    public static FeatureScaling Fit(Tensor features, double deviations = 3)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.dim() != 2 || features.shape[0] == 0)
            throw new ArgumentException($"FeatureScaling.Fit takes features [examples, width], but got [{string.Join(", ", features.shape)}].", nameof(features));
        if (!(deviations > 0))
            throw new ArgumentOutOfRangeException(nameof(deviations), $"FeatureScaling.Fit needs a positive number of deviations, but got {deviations}.");
        var layer = new FeatureScaling(features.shape[1]);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var deviation = features.std(0, unbiased: false);
        layer.mean.copy_(features.mean([0]));
        layer.factor.copy_(where(deviation.gt(0), deviation.mul(deviations).reciprocal(), zeros_like(deviation)));
        return layer;
    }

    /// <summary>Features in [−1, 1], [batch, width].</summary>
    public override Tensor forward(Tensor features)
    {
        using var scope = NewDisposeScope();
        return features.add(mean, LastingScalars.MinusOne).mul(factor).clamp(LastingScalars.MinusOne, LastingScalars.One).MoveToOuterDisposeScope();
    }
}
