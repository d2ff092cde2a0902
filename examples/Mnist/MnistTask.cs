using AnalogTorch.Models.Data;

namespace AnalogTorch.Examples.Mnist;

/// <summary>One training, in so few words that they fit through a pipe.</summary>
internal sealed record MnistTask
{
    private const int GeneratedTraining = 20_000, GeneratedTest = 10_000, QuickTraining = 4_000, QuickTest = 2_000, DenseInterval = 2_000;

    /// <summary>Folder of data sets; null for digits that the program draws.</summary>
    public string? Data { get; init; }

    /// <summary>Whether the digits stand on a background of random pixels.</summary>
    public bool Background { get; init; }

    /// <summary>Training images; 0 for what suits the data.</summary>
    public int Images { get; init; }

    /// <summary>Whether to do the work made small.</summary>
    public bool Quick { get; init; }

    /// <summary>Seed of the drawn digits and of the background.</summary>
    public long DataSeed { get; init; }

    /// <summary>Passes over the training images.</summary>
    public int Epochs { get; init; }

    /// <summary>Images of one step.</summary>
    public int BatchSize { get; init; }

    /// <summary>Factor on the learning rates.</summary>
    public double RateFactor { get; init; } = 1;

    /// <summary>Examples between two transfers of the MSP/LSP cell; 0 for what suits the data.</summary>
    public int TransferEvery { get; init; }

    /// <summary>Name of the way to train.</summary>
    public string Way { get; init; } = "";

    /// <summary>Seed of the training.</summary>
    public long Seed { get; init; }

    /// <summary>Whether to look at the devices.</summary>
    public bool Observe { get; init; }

    /// <summary>Where event files for TensorBoard go; null for none.</summary>
    public string? EventFolder { get; init; }

    /// <summary>Examples between two transfers, as far as the task decides: dense images send several times as many pulses.</summary>
    public int? Interval => TransferEvery > 0 ? TransferEvery : Background ? DenseInterval : null;

    /// <summary>The images, cropped to 22×24; those on a background have their middle grey at 0.</summary>
    public (ImageSet Train, ImageSet Test) Load()
    {
        var train = Data is null
            ? GeneratedDigits.Create(Images > 0 ? Images : Quick ? QuickTraining : GeneratedTraining, DataSeed, train: true)
            : Models.Data.Mnist.Load(DataFolder.Open(Data), train: true);
        var test = Data is null
            ? GeneratedDigits.Create(Quick ? QuickTest : GeneratedTest, DataSeed, train: false)
            : Models.Data.Mnist.Load(DataFolder.Open(Data), train: false);
        if (Images > train.Count)
            throw new ArgumentException($"--images must be at most {train.Count} with this data, but is {Images}.");
        if (Data is not null && (Images > 0 || Quick))
            train = train.Take(Images > 0 ? Images : QuickTraining);
        if (Background)
            (train, test) = (Centered(RandomBackground.Apply(train, DataSeed)), Centered(RandomBackground.Apply(test, DataSeed + 1)));
        return (train.CenterCrop(24, 22), test.CenterCrop(24, 22));
    }

    // All pixels are bright then, and what moves all weights of an output together would count through every one of them.
    private static ImageSet Centered(ImageSet images)
    {
        images.Images.sub_(0.5f);
        return images;
    }

    /// <summary>Does the training.</summary>
    public TrainingResult Run(ITrainingProgress progress)
    {
        var (train, test) = Load();
        var way = Mnist.Way.All.Single(way => way.Name == Way).Every(Interval);
        return new MnistTraining(train, test, Epochs, BatchSize, EventFolder)
            .Run(way with { LearningRate = way.LearningRate * RateFactor }, Seed, Observe, progress);
    }
}
