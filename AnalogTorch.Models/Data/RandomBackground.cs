using static TorchSharp.torch;

namespace AnalogTorch.Models.Data;

/// <summary>Puts images on a background of random pixels: MNIST becomes MNIST-backrand.</summary>
/// <remarks>
/// pixel ← max(pixel, u), u uniform in [0, 1), drawn anew for each pixel of each image. H. Larochelle et al., "An empirical evaluation
/// of deep architectures on problems with many factors of variation", ICML 2007. The background of image i depends on the seed and i
/// alone; a training and a test set need two seeds.
/// </remarks>
public static class RandomBackground
{
    private const ulong Purpose = 3;

    /// <summary>A new set with the background; the given one stays as it is.</summary>
    public static ImageSet Apply(ImageSet images, long seed)
    {
        ArgumentNullException.ThrowIfNull(images);
        var features = (int)images.Features;
        var background = new float[images.Count * features];
        Parallel.For(0, (int)images.Count, i =>
        {
            var random = CounterRandom.Of((ulong)seed, Purpose, (ulong)i);
            foreach (ref var value in background.AsSpan(i * features, features))
            {
                value = random.Uniform();
            }
        });
        using var noise = tensor(background, images.Images.shape);
        return new($"{images.Name} on random background", maximum(images.Images, noise), images.Labels.clone(), images.Classes);
    }
}
