using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>A network from RGB images, float32 [batch, 3, height, width], to one score for each class, [batch, classes].</summary>
/// <remarks>
/// Scores are logits: softmax makes probabilities of them. Built with 0 classes the network has no last layer, and gives what that layer
/// would see: the <see cref="FeatureWidth"/> features of an image, averaged over it where the last layer is a convolution. A forward call leaves nothing behind but its result and what backward needs.
/// Dropout draws from torch's global generator, and in train mode alone.
/// </remarks>
public abstract class ImageNetwork : Module<Tensor, Tensor>
{
    private readonly int smallestSide;

    /// <summary>A network that takes images of this height and width or more.</summary>
    /// <param name="name">Name in messages.</param>
    /// <param name="classes">Number of classes; 0 for features.</param>
    /// <param name="smallestSide">Smallest height and width in pixels.</param>
    /// <param name="featureWidth">Inputs of the last layer.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of classes is negative.</exception>
    protected ImageNetwork(string name, int classes, int smallestSide, int featureWidth) : base(name)
    {
        if (classes < 0)
            throw new ArgumentOutOfRangeException(nameof(classes), $"{name} needs one class or more, or 0 for a network without last layer, but got {classes}.");
        this.smallestSide = smallestSide;
        FeatureWidth = featureWidth;
    }

    /// <summary>Inputs of the last layer, which a network built with 0 classes gives.</summary>
    public int FeatureWidth { get; }

    /// <summary>The scores of a batch of images, [batch, classes], or their features, [batch, <see cref="FeatureWidth"/>], if there is no last layer.</summary>
    /// <exception cref="ArgumentException">The images are of another shape or too small.</exception>
    public sealed override Tensor forward(Tensor images)
    {
        Check(images);
        using var scope = NewDisposeScope();
        return Scores(Maps(images)).MoveToOuterDisposeScope();
    }

    /// <summary>What the last convolution before the head gives, [batch, channels, height, width], for whoever pools it in another way.</summary>
    /// <exception cref="ArgumentException">The images are of another shape or too small.</exception>
    public Tensor FeatureMaps(Tensor images)
    {
        Check(images);
        using var scope = NewDisposeScope();
        return Maps(images).MoveToOuterDisposeScope();
    }

    /// <summary>Refuses images of another shape, or too small ones, in one sentence.</summary>
    /// <param name="images">The images.</param>
    /// <param name="atLeast">Smallest height and width in pixels; null means that of the network.</param>
    /// <exception cref="ArgumentException">They are of another shape or too small.</exception>
    protected void Check(Tensor images, int? atLeast = null)
    {
        var side = atLeast ?? smallestSide;
        if (!images.is_floating_point() || images.shape is not [_, 3, var height, var width] || height < side || width < side)
        {
            throw new ArgumentException(
                $"{GetName()} takes floating-point images [batch, 3, height, width] of {side}×{side} pixels or more, "
                + $"but got {images.dtype} [{string.Join(", ", images.shape)}].",
                nameof(images));
        }
    }

    /// <summary>The last feature maps of images of the right shape; runs within a dispose scope.</summary>
    protected abstract Tensor Maps(Tensor images);

    /// <summary>The scores, or the features if there is no last layer, from the last feature maps; runs within a dispose scope.</summary>
    protected abstract Tensor Scores(Tensor maps);

    /// <summary>A last layer, or nothing in its place.</summary>
    /// <param name="classes">Number of classes; 0 for nothing.</param>
    /// <param name="create">Makes the layer.</param>
    protected static Module<Tensor, Tensor> LastLayer(int classes, Func<Module<Tensor, Tensor>> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return classes == 0 ? Identity() : create();
    }
}
