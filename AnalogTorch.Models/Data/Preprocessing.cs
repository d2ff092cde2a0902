using static TorchSharp.torch;

namespace AnalogTorch.Models.Data;

/// <summary>What becomes of a photograph before a network sees it: resized, cropped to its middle, normalised channel by channel.</summary>
/// <remarks>
/// Pixels are first brought to [0, 1]; then each channel is (pixel − mean) / deviation. Resizing is bilinear with a filter that widens as
/// the image shrinks, which is what Pillow and torchvision do; it is not rounded to whole grey levels in between.
/// </remarks>
public sealed record Preprocessing
{
    private readonly float[] mean;
    private readonly float[] deviation;

    /// <summary>The values that torchvision's ImageNet networks were trained with: shorter side 256, the middle 224×224.</summary>
    public static Preprocessing ImageNet { get; } = new(256, 224, [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

    /// <summary>Pixels from −1 to 1, as many TensorFlow networks expect them; sizes as <see cref="ImageNet"/>.</summary>
    public static Preprocessing TensorFlow { get; } = new(256, 224, [0.5f, 0.5f, 0.5f], [0.5f, 0.5f, 0.5f]);

    /// <summary>Pixels from −1 to 1, as Inception v3 was trained with: shorter side 342, the middle 299×299.</summary>
    public static Preprocessing Inception { get; } = TensorFlow with { ShorterSide = 342, Crop = 299 };

    /// <summary>Pixels from 0 to 1; sizes as <see cref="ImageNet"/>.</summary>
    public static Preprocessing UnitRange { get; } = new(256, 224, [0, 0, 0], [1, 1, 1]);

    /// <summary>32×32 images normalised like those of <see cref="ImageNet"/>.</summary>
    public static Preprocessing Cifar { get; } = ImageNet with { ShorterSide = 32, Crop = 32 };

    /// <summary>A preprocessing of its own.</summary>
    /// <param name="shorterSide">Length in pixels that the shorter side is resized to.</param>
    /// <param name="crop">Height and width in pixels of what is cut from the middle.</param>
    /// <param name="mean">Mean of each channel, of pixels in [0, 1].</param>
    /// <param name="deviation">Standard deviation of each channel.</param>
    /// <exception cref="ArgumentException">Mean and deviation have different numbers of channels, or a deviation is not positive.</exception>
    public Preprocessing(int shorterSide, int crop, IReadOnlyList<float> mean, IReadOnlyList<float> deviation)
    {
        if (mean.Count == 0 || mean.Count != deviation.Count || deviation.Any(value => !(value > 0)))
        {
            throw new ArgumentException(
                "Preprocessing needs a mean and a positive deviation for each channel, but got "
                + $"[{string.Join(", ", mean)}] and [{string.Join(", ", deviation)}].");
        }
        ShorterSide = shorterSide;
        Crop = crop;
        this.mean = [.. mean];
        this.deviation = [.. deviation];
    }

    /// <summary>Length in pixels that the shorter side is resized to; at least <see cref="Crop"/>.</summary>
    public int ShorterSide { get; init; }

    /// <summary>Height and width in pixels of what is cut from the middle.</summary>
    public int Crop { get; init; }

    /// <summary>Mean of each channel, of pixels in [0, 1].</summary>
    public IReadOnlyList<float> Mean => mean;

    /// <summary>Standard deviation of each channel, of pixels in [0, 1].</summary>
    public IReadOnlyList<float> Deviation => deviation;

    /// <summary>Images ready for a network: float32 [images, channels, <see cref="Crop"/>, <see cref="Crop"/>].</summary>
    /// <param name="images">uint8 [images, height, width, channels], as image files are decoded. An image of the size of the crop is not resized.</param>
    /// <exception cref="ArgumentException">The images are of another type or shape, or the crop is larger than what it is cut from.</exception>
    public Tensor Apply(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Normalize(Fit(images)).MoveToOuterDisposeScope();
    }

    /// <summary>Images resized and cropped, but not normalised: float32 in [0, 1], [images, channels, <see cref="Crop"/>, <see cref="Crop"/>].</summary>
    /// <inheritdoc cref="Apply"/>
    public Tensor Fit(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.dtype != ScalarType.Byte || images.dim() != 4 || images.shape[3] != mean.Length || images.NumberOfElements == 0)
        {
            throw new ArgumentException(
                $"Preprocessing takes images as uint8 [images, height, width, {mean.Length}], but got {images.dtype} [{string.Join(", ", images.shape)}].", nameof(images));
        }
        using var scope = NewDisposeScope();
        return Sized(images.permute(0, 3, 1, 2).to_type(ScalarType.Float32).div_(255)).MoveToOuterDisposeScope();
    }

    /// <summary>Images of a set ready for a network: float32 [images, channels, <see cref="Crop"/>, <see cref="Crop"/>].</summary>
    /// <param name="images">float32 in [0, 1], [images, channels, height, width], such as <see cref="ImageSet.Images"/>. Images of the size of the crop are not resized.</param>
    /// <exception cref="ArgumentException">The images are of another type or have another number of channels, or the crop is larger than what it is cut from.</exception>
    public Tensor ApplyToPixels(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        CheckPixels(images);
        using var scope = NewDisposeScope();
        return Normalize(Sized(images)).MoveToOuterDisposeScope();
    }

    /// <summary>(pixel − mean) / deviation, channel by channel, without a change of size.</summary>
    /// <param name="images">float32 in [0, 1], [images, channels, height, width], such as <see cref="ImageSet.Images"/>.</param>
    /// <exception cref="ArgumentException">The images are of another type or have another number of channels.</exception>
    public Tensor Normalize(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        CheckPixels(images);
        using var center = tensor(mean, [mean.Length, 1, 1], device: images.device);
        using var scale = tensor(deviation, [mean.Length, 1, 1], device: images.device);
        return images.sub(center).div_(scale);
    }

    /// <summary>Whether size, mean and deviation are the same.</summary>
    public bool Equals(Preprocessing? other) =>
        other is not null && ShorterSide == other.ShorterSide && Crop == other.Crop
        && mean.AsSpan().SequenceEqual(other.mean) && deviation.AsSpan().SequenceEqual(other.deviation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ShorterSide, Crop, mean[0], deviation[0]);

    private void CheckPixels(Tensor images)
    {
        if (images.dtype != ScalarType.Float32 || images.dim() != 4 || images.shape[1] != mean.Length)
        {
            throw new ArgumentException(
                $"Preprocessing normalises float32 [images, {mean.Length}, height, width], but got {images.dtype} [{string.Join(", ", images.shape)}].", nameof(images));
        }
    }

    private Tensor Sized(Tensor pixels)
    {
        if (Crop < 1 || ShorterSide < Crop)
            throw new ArgumentException($"Preprocessing cannot cut {Crop}×{Crop} pixels from a shorter side of {ShorterSide}: choose a crop of 1 to {ShorterSide}.");
        return pixels.shape[2] == Crop && pixels.shape[3] == Crop ? pixels : Middle(Resize(pixels));
    }

    private Tensor Resize(Tensor pixels)
    {
        var (height, width) = (pixels.shape[2], pixels.shape[3]);
        var shorter = Math.Min(height, width);
        using var vertical = Triangles(height, height * ShorterSide / shorter, pixels.device);
        using var horizontal = Triangles(width, width * ShorterSide / shorter, pixels.device);
        return vertical.matmul(pixels).matmul(horizontal.t());
    }

    private Tensor Middle(Tensor pixels)
    {
        var top = (int)Math.Round((pixels.shape[2] - Crop) / 2.0);
        var left = (int)Math.Round((pixels.shape[3] - Crop) / 2.0);
        return pixels.narrow(2, top, Crop).narrow(3, left, Crop);
    }

    /// <summary>The matrix [after, before] that resizes one dimension: each new pixel is a mean of old ones under a triangle.</summary>
    private static Tensor Triangles(long before, long after, Device device)
    {
        var scale = (double)before / after;
        var reach = Math.Max(scale, 1);
        var weights = new float[after * before];
        for (var i = 0L; i < after; i++)
        {
            var center = (i + 0.5) * scale;
            var first = Math.Max(0, (long)(center - reach + 0.5));
            var end = Math.Min(before, (long)(center + reach + 0.5));
            double Weight(long j) => Math.Max(0, 1 - Math.Abs(j + 0.5 - center) / reach);
            var total = 0.0;
            for (var j = first; j < end; j++)
                total += Weight(j);
            for (var j = first; j < end; j++)
                weights[i * before + j] = (float)(Weight(j) / total);
        }
        return tensor(weights, [after, before], device: device);
    }
}
