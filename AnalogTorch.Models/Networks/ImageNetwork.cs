using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>A network from RGB images, float32 [batch, 3, height, width], to one score for each class, [batch, classes].</summary>
/// <remarks>
/// Scores are logits: softmax makes probabilities of them. A forward call leaves nothing behind but its result and what backward needs.
/// Dropout draws from torch's global generator, and in train mode alone.
/// </remarks>
public abstract class ImageNetwork : Module<Tensor, Tensor>
{
    private readonly int smallestSide;

    /// <summary>A network that takes images of this height and width or more.</summary>
    /// <param name="name">Name in messages.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="smallestSide">Smallest height and width in pixels.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no class.</exception>
    protected ImageNetwork(string name, int classes, int smallestSide) : base(name)
    {
        if (classes < 1)
            throw new ArgumentOutOfRangeException(nameof(classes), $"{name} needs one class or more, but got {classes}.");
        this.smallestSide = smallestSide;
    }

    /// <summary>The scores of a batch of images, [batch, classes].</summary>
    /// <exception cref="ArgumentException">The images are of another shape or too small.</exception>
    public sealed override Tensor forward(Tensor images)
    {
        Check(images);
        using var scope = NewDisposeScope();
        return Scores(images).MoveToOuterDisposeScope();
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

    /// <summary>The scores of images of the right shape; runs within a dispose scope.</summary>
    protected abstract Tensor Scores(Tensor images);
}
