using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Data;

/// <summary>A random change of training images that leaves their classes as they are; a pure function of images and stream.</summary>
public abstract record Augmentation
{
    /// <summary>Images as they are.</summary>
    public static Augmentation None { get; } = new AugmentationChain();

    /// <summary>What is customary with CIFAR: moved by up to 4 pixels, mirrored.</summary>
    public static Augmentation Cifar { get; } = new AugmentationChain { Steps = [new RandomShift(), new HorizontalFlip()] };

    /// <summary>Changed images, each in its own way.</summary>
    /// <param name="images">float32 [images, channels, height, width]; not changed.</param>
    /// <param name="rng">The stream.</param>
    public abstract Tensor Apply(Tensor images, Rng rng);

    /// <summary>One decision for each image, true with a probability: bool [images, 1, 1, 1].</summary>
    private protected static Tensor Chosen(Tensor images, double probability, Rng rng)
    {
        using var uniform = Noise.Uniform(rng, [images.shape[0], 1, 1, 1]);
        return uniform.lt(probability).to(images.device);
    }

    private protected static double Probability(double value, string name) =>
        value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(null, $"{name} must be in [0, 1], but is {value}.");
}

/// <summary>Several, one after the other.</summary>
public sealed record AugmentationChain : Augmentation
{
    /// <summary>The steps; none leaves images as they are.</summary>
    public IReadOnlyList<Augmentation> Steps { get; init; } = [];

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, Rng rng)
    {
        using var scope = NewDisposeScope();
        var changed = images.alias();
        foreach (var (index, step) in Steps.Index())
            changed = step.Apply(changed, rng.Split(index));
        return changed.MoveToOuterDisposeScope();
    }
}

/// <summary>Left and right exchanged.</summary>
public sealed record HorizontalFlip : Augmentation
{
    /// <summary>Share of the images that are mirrored.</summary>
    public double Share { get; init => field = Probability(value, "HorizontalFlip.Share"); } = 0.5;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, Rng rng)
    {
        using var scope = NewDisposeScope();
        return where(Chosen(images, Share, rng), images.flip(3), images).MoveToOuterDisposeScope();
    }
}

/// <summary>Moved by a random number of pixels either way, zeros where nothing is left.</summary>
/// <remarks>As K. He et al., arXiv:1512.03385, section 4.2, do with CIFAR-10: padded by 4 pixels on each side, a random part of the old size taken.</remarks>
public sealed record RandomShift : Augmentation
{
    /// <summary>Largest shift in pixels.</summary>
    public int Pixels
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(null, $"RandomShift.Pixels must be 0 or more, but is {value}.");
    }
    = 4;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, Rng rng)
    {
        using var scope = NewDisposeScope();
        var (count, channels, height, width) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3]);
        var padded = nn.functional.pad(images, [Pixels, Pixels, Pixels, Pixels]);
        var rows = Places(rng.Split("vertical"), count, height, images.device).view(-1, 1, height, 1).expand(count, channels, height, width + 2 * Pixels);
        var columns = Places(rng.Split("horizontal"), count, width, images.device).view(-1, 1, 1, width).expand(count, channels, height, width);
        return padded.gather(2, rows).gather(3, columns).MoveToOuterDisposeScope();
    }

    /// <summary>For each image the places of the padded one that become its own, int64 [images, size].</summary>
    private Tensor Places(Rng rng, long count, long size, Device device)
    {
        var start = Noise.Uniform(rng, [count, 1]).mul_(2 * Pixels + 1).to_type(ScalarType.Int64).clamp_(0, 2 * Pixels).to(device);
        return start.add(arange(size, dtype: ScalarType.Int64, device: device));
    }
}

/// <summary>Brightness and contrast multiplied by factors near 1.</summary>
public sealed record BrightnessAndContrast : Augmentation
{
    /// <summary>Largest change of either factor.</summary>
    public double Strength { get; init => field = Probability(value, "BrightnessAndContrast.Strength"); } = 0.2;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, Rng rng)
    {
        using var scope = NewDisposeScope();
        Tensor Factor(string name) => Noise.Uniform(rng.Split(name), [images.shape[0], 1, 1, 1]).mul_(2 * Strength).add_(1 - Strength).to(images.device);
        var mean = images.mean([1, 2, 3], keepdim: true);
        return images.sub(mean).mul_(Factor("contrast")).add_(mean.mul(Factor("brightness"))).MoveToOuterDisposeScope();
    }
}
