using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Data;

/// <summary>Labelled images of one size, in memory.</summary>
/// <remarks>Methods return new sets that live on their own: each is to be disposed of, in any order.</remarks>
public sealed class ImageSet : IDisposable
{
    private const int ImagesAtATime = 1024; // so that their bytes are fewer than a span can have

    /// <summary>Takes over the two tensors, which live until the set is disposed of.</summary>
    /// <param name="name">What the set is called in reports.</param>
    /// <param name="images">float32 in [0, 1], [images, channels, height, width].</param>
    /// <param name="labels">int64 in [0, classes), [images].</param>
    /// <param name="classes">Number of classes.</param>
    /// <exception cref="ArgumentException">Shapes or types do not fit each other.</exception>
    public ImageSet(string name, Tensor images, Tensor labels, int classes)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (images.dim() != 4 || images.dtype != ScalarType.Float32)
        {
            throw new ArgumentException(
                $"ImageSet.Images must be float32 [images, channels, height, width], but is {images.dtype} [{string.Join(", ", images.shape)}].");
        }
        if (labels.dim() != 1 || labels.dtype != ScalarType.Int64 || labels.shape[0] != images.shape[0])
        {
            throw new ArgumentException(
                $"ImageSet.Labels must be int64 [{images.shape[0]}], one for each image, but is {labels.dtype} [{string.Join(", ", labels.shape)}].");
        }
        Name = name;
        Classes = classes;
        Images = images.DetachFromDisposeScope();
        Labels = labels.DetachFromDisposeScope();
    }

    /// <summary>What the set is called in reports.</summary>
    public string Name { get; }

    /// <summary>Number of classes; labels lie in [0, Classes).</summary>
    public int Classes { get; }

    /// <summary>The images, float32 in [0, 1], [images, channels, height, width].</summary>
    public Tensor Images { get; }

    /// <summary>The class of each image, int64 [images].</summary>
    public Tensor Labels { get; }

    /// <summary>Number of images.</summary>
    public long Count => Images.shape[0];

    /// <summary>Values of one image: channels × height × width.</summary>
    public long Features => Images.shape[1] * Images.shape[2] * Images.shape[3];

    /// <summary>A set from bytes 0 … 255, image after image, each channel by channel and line by line.</summary>
    /// <exception cref="ArgumentException">Lengths do not fit each other, or a label is not below <paramref name="classes"/>.</exception>
    public static ImageSet FromBytes(
        string name, ReadOnlySpan<byte> pixels, int channels, int height, int width, ReadOnlySpan<byte> labels, int classes)
    {
        if ((long)pixels.Length != (long)labels.Length * channels * height * width)
        {
            throw new ArgumentException(
                $"ImageSet '{name}' must have {(long)labels.Length * channels * height * width} pixels for its {labels.Length} labels "
                + $"({channels}×{height}×{width} each), but has {pixels.Length}.");
        }
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] >= classes)
            {
                throw new ArgumentException($"ImageSet '{name}' must have labels below {classes}, but label {i} is {labels[i]}.");
            }
        }
        var images = empty([labels.Length, channels, height, width], dtype: ScalarType.Float32);
        var size = channels * height * width;
        for (var start = 0; start < labels.Length; start += ImagesAtATime)
        {
            using var part = images.narrow(0, start, Math.Min(ImagesAtATime, labels.Length - start));
            var values = MemoryMarshal.Cast<byte, float>(part.bytes);
            var bytes = pixels.Slice(start * size, values.Length);
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = bytes[i] / 255f;
            }
        }
        var wide = new long[labels.Length];
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] = labels[i];
        }
        return new(name, images, tensor(wide), classes);
    }

    /// <summary>The first images.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public ImageSet Take(long count) => Slice(0, count);

    /// <summary>The images from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the set.</exception>
    public ImageSet Slice(long start, long count)
    {
        if (start < 0 || count < 1 || start > Count - count)
        {
            throw new ArgumentOutOfRangeException(
                null, $"ImageSet '{Name}' has {Count} images, so images {start} to {start + count - 1} cannot be taken: ask for 1 to {Count} of them.");
        }
        return new(Name, Images.narrow(0, start, count).clone(), Labels.narrow(0, start, count).clone(), Classes);
    }

    /// <summary>The middle of each image, such as 24×22 of 28×28.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The crop is larger than the images.</exception>
    public ImageSet CenterCrop(int height, int width)
    {
        var (fullHeight, fullWidth) = (Images.shape[2], Images.shape[3]);
        if (height < 1 || width < 1 || height > fullHeight || width > fullWidth)
        {
            throw new ArgumentOutOfRangeException(
                null, $"ImageSet '{Name}' has images of {fullHeight}×{fullWidth}, so they cannot be cropped to {height}×{width}: choose at most the full size.");
        }
        using var lines = Images.narrow(2, (fullHeight - height) / 2, height);
        using var crop = lines.narrow(3, (fullWidth - width) / 2, width);
        return new(Name, crop.clone(), Labels.clone(), Classes);
    }

    /// <summary>The images as vectors, [images, <see cref="Features"/>]: a tensor of the caller's that shares the set's memory.</summary>
    public Tensor Flatten() => Images.flatten(1);

    /// <inheritdoc/>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }
}
