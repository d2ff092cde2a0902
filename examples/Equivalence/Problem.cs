using AnalogTorch.Models.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Equivalence;

/// <summary>Samples of a problem: what to learn from, what to choose by, and what is looked at once.</summary>
/// <param name="Train">Samples to learn from.</param>
/// <param name="Validation">Samples by which learning rates are chosen and learning curves drawn.</param>
/// <param name="Test">Samples that the final networks meet once.</param>
internal sealed record Split(Samples Train, Samples Validation, Samples Test)
{
    private const int ValidationShare = 6; // one part in so many of what there is to learn from

    /// <summary>Keeps the last part of the training samples for choices.</summary>
    public static Split Of(Samples train, Samples test)
    {
        var kept = train.Count / ValidationShare;
        return new(train.Slice(0, train.Count - kept), train.Slice(train.Count - kept, kept), test);
    }
}

/// <summary>Inputs and what they should give.</summary>
/// <param name="X">[samples, inputs].</param>
/// <param name="Y">Classes [samples] as Int64, or values [samples, outputs] as float.</param>
internal sealed record Samples(Tensor X, Tensor Y)
{
    /// <summary>How many.</summary>
    public long Count => X.shape[0];

    /// <summary>Some of them in a row.</summary>
    public Samples Slice(long start, long count) => new(X.narrow(0, start, count), Y.narrow(0, start, count));

    /// <summary>Images as rows.</summary>
    public static Samples Of(ImageSet images) => new(images.Flatten(), images.Labels);
}

/// <summary>Something to learn, with the network that learns it; no setting of any hardware.</summary>
/// <param name="Name">Its name in figures.</param>
/// <param name="What">What it is, in words.</param>
/// <param name="Hidden">Units of the hidden layers.</param>
/// <param name="Load">Gives training and test samples, from a data folder or drawn.</param>
internal sealed record Problem(string Name, string What, long[] Hidden, Func<ProblemSource, (Samples Train, Samples Test)> Load)
{
    private static readonly long[] Digits = [250, 125];

    /// <summary>Whether values are to be found rather than classes.</summary>
    public bool IsRegression { get; private init; }

    /// <summary>Files below the data folder without which there is nothing to learn; empty where the program draws its own.</summary>
    public string? Needs { get; private init; }

    /// <summary>Every problem, in the order of the table.</summary>
    public static IReadOnlyList<Problem> All { get; } =
    [
        new("digits", "28×28 digits in MNIST's format, or drawn ones", Digits, source => source.Images(source.Digits)),
        new("digits-background", "the same on random pixels, centred", Digits,
            source => source.Images(train => Centred(RandomBackground.Apply(source.Digits(train), source.Seed + (train ? 0 : 1))))),
        new("digits-inverted", "the same with dark and bright exchanged", Digits, source => source.Images(train => Changed(source.Digits(train), images => images.neg().add_(1f)))),
        new("digits-turned", "the same, each turned by 0 to 3 quarters", Digits,
            source => source.Images(train => Changed(source.Digits(train), images => Turned(images, source.Seed + (train ? 0 : 1))))),
        new("patterns-10", "spectra of drawn patterns, 10 classes", Digits, source => source.Spectra(PatternClasses.Ten)),
        new("patterns-100", "spectra of drawn patterns, 100 classes", Digits, source => source.Spectra(PatternClasses.Hundred)),
        new("waveform", "Breiman's waveforms, 21 numbers, 3 classes", [64, 32], source => source.Table(GeneratedTable.Waveform)),
        new("shell", "inside or outside of a shell, 2 classes", [64, 32], source => source.Table((count, seed) => Classes(GeneratedTable.Shell(count, seed)))),
        new("friedman", "Friedman's function of 10 numbers, regression", [64, 32], source => source.Table(GeneratedTable.Friedman)) { IsRegression = true },
        new("optdigits", "8×8 digits of the UCI repository", [64, 32], source => source.OptDigits()) { Needs = "tabular/optdigits-train.csv" },
        new("housing", "Californian houses, regression", [64, 32], source => source.Housing()) { Needs = "tabular/california-housing.csv", IsRegression = true },
        new("cifar-grey", "CIFAR-10 in grey, no convolution", [256, 128], source => source.Images(train => Grey(Cifar.Load10(source.Folder!, train)))) { Needs = "cifar-10/test_batch.bin" },
    ];

    /// <summary>Whether a data folder has what it takes.</summary>
    public bool CanLoad(DataFolder? data) =>
        Needs is null || (data is not null && (File.Exists(Path.Combine(data.Path, Needs)) || File.Exists(Path.Combine(data.Path, Needs + ".gz"))));

    private static ImageSet Changed(ImageSet images, Func<Tensor, Tensor> change) => new(images.Name, change(images.Images), images.Labels, images.Classes);

    private static ImageSet Centred(ImageSet images) => Changed(images, pixels => pixels.sub(0.5f));

    private static ImageSet Grey(ImageSet images) => Changed(images, pixels => pixels.mean([1], keepdim: true));

    private static Tensor Turned(Tensor images, long seed)
    {
        using var generator = new Generator((ulong)seed);
        var quarters = randint(0, 4, [images.shape[0]], generator: generator).view(-1, 1, 1, 1);
        var turned = images;
        for (var quarter = 1; quarter < 4; quarter++)
            turned = where(quarters.eq(quarter), images.rot90(quarter, (2, 3)), turned);
        return turned;
    }

    private static (float[] Features, int Class)[] Classes((float[] Features, bool Label)[] rows) => [.. rows.Select(row => (row.Features, row.Label ? 1 : 0))];
}
