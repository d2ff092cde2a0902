using AnalogTorch.Models.Data;

namespace AnalogTorch.Examples.Mnist;

/// <summary>A training of the 528-250-125-10 network.</summary>
internal sealed record MnistTask : DigitTask
{
    /// <summary>Whether the digits stand on a background of random pixels.</summary>
    public bool Background { get; init; }

    /// <summary>Examples between two transfers of the MSP/LSP cell; 0 for that of the preset.</summary>
    public int TransferEvery { get; init; }

    /// <summary>Whether to look at the devices.</summary>
    public bool Observe { get; init; }

    /// <summary>Where event files for TensorBoard go; null for none.</summary>
    public string? EventFolder { get; init; }

    /// <summary>Examples between two transfers, where somebody asked for a number.</summary>
    public int? Interval => TransferEvery > 0 ? TransferEvery : null;

    /// <inheritdoc/>
    protected override (int Train, int Test, int QuickTrain, int QuickTest) Sizes => (20_000, 10_000, 4_000, 2_000);

    /// <summary>The images, cropped to 22×24; those on a background have their middle grey at 0.</summary>
    public (ImageSet Train, ImageSet Test) Load()
    {
        var (train, test) = LoadDigits();
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

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        var (train, test) = Load();
        var way = Mnist.Way.All.Single(way => way.Name == Way).Every(Interval);
        return new MnistTraining(train, test, Epochs, BatchSize, EventFolder)
            .Run(way with { LearningRate = way.LearningRate * RateFactor }, Seed, Observe, progress);
    }
}
