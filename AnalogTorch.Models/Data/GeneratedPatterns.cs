namespace AnalogTorch.Models.Data;

/// <summary>Which of the 120 classes of <see cref="GeneratedPatterns"/>; the three sets of a transfer share none but those of ten, which are among the hundred.</summary>
public enum PatternClasses
{
    /// <summary>20 classes to train a backbone on.</summary>
    Pretraining,

    /// <summary>The 100 others.</summary>
    Hundred,

    /// <summary>10 of the 100 others.</summary>
    Ten,
}

/// <summary>Shapes filled with textures, drawn by the program: 32×32 images in colour in the manner of CIFAR, with nothing to download.</summary>
/// <remarks>
/// A class is one of 12 shapes with one of 10 textures. Colours, place, size, rotation, contrast, background and noise are of each image's own, so
/// that colours tell nothing. Image i is a function of the seed and i alone, whatever the number of threads.
/// </remarks>
public static class GeneratedPatterns
{
    /// <summary>Side of an image, in pixels.</summary>
    public const int Size = PatternDrawing.Size;

    private const int AllClasses = PatternDrawing.Shapes * PatternDrawing.Textures, Every = 6, Pixels = 3 * Size * Size;

    /// <summary>Draws images; the training and the test set of one seed share none.</summary>
    /// <param name="classes">Which classes.</param>
    /// <param name="count">Number of images; classes come in turn.</param>
    /// <param name="seed">Seed of the set.</param>
    /// <param name="train">Whether to draw the training set, else the test set.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not in [1, 1,000,000].</exception>
    public static ImageSet Create(PatternClasses classes, int count, long seed = 42, bool train = true)
    {
        var chosen = Chosen(classes);
        var (pixels, labels) = Draw(chosen, count, seed, train, Environment.ProcessorCount);
        return ImageSet.FromBytes($"generated patterns, {chosen.Length} classes", pixels, 3, Size, Size, labels, chosen.Length);
    }

    internal static (byte[] Pixels, byte[] Labels) Draw(int[] chosen, int count, long seed, bool train, int threads)
    {
        if (count is < 1 or > 1_000_000)
            throw new ArgumentOutOfRangeException(nameof(count), $"GeneratedPatterns.Create count must be in [1, 1000000], but is {count}.");
        var (pixels, labels) = (new byte[(long)count * Pixels], new byte[count]);
        var purpose = train ? 1ul : 2ul;
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            labels[i] = (byte)(i % chosen.Length);
            var kind = chosen[labels[i]];
            var random = CounterRandom.Of((ulong)seed, purpose + 16 * (ulong)kind, (ulong)i);
            PatternDrawing.Draw(ref random, kind / PatternDrawing.Textures, kind % PatternDrawing.Textures, pixels.AsSpan(i * Pixels, Pixels));
        });
        return (pixels, labels);
    }

    /// <summary>The classes of a set; every sixth is for pretraining, so that each shape and each texture is seen there, but few of them together.</summary>
    internal static int[] Chosen(PatternClasses classes)
    {
        var others = Enumerable.Range(0, AllClasses).Where(kind => kind % Every != 0).ToArray();
        return classes switch
        {
            PatternClasses.Pretraining => [.. Enumerable.Range(0, AllClasses / Every).Select(kind => kind * Every)],
            PatternClasses.Hundred => others,
            PatternClasses.Ten => [.. Enumerable.Range(0, 10).Select(i => others[(10 * i) + (3 * i % 10)])],
            _ => throw new ArgumentOutOfRangeException(nameof(classes), $"GeneratedPatterns has no classes {classes}: take Pretraining, Hundred or Ten."),
        };
    }
}
