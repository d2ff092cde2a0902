using AnalogTorch.Models.Data;

namespace AnalogTorch.Examples;

/// <summary>A training on handwritten digits, real ones or such as the program draws.</summary>
internal abstract record DigitTask : TrainingTask
{
    /// <summary>Folder of data sets; null for digits that the program draws.</summary>
    public string? Data { get; init; }

    /// <summary>Training images; 0 for what suits the data.</summary>
    public int Images { get; init; }

    /// <summary>Whether to do the work made small.</summary>
    public bool Quick { get; init; }

    /// <summary>Seed of the drawn digits.</summary>
    public long DataSeed { get; init; }

    /// <summary>Images of one step.</summary>
    public int BatchSize { get; init; }

    /// <summary>Factor on the learning rates.</summary>
    public double RateFactor { get; init; } = 1;

    /// <summary>Numbers of images to draw, and how many real ones to take where the work is to be small.</summary>
    protected abstract (int Train, int Test, int QuickTrain, int QuickTest) Sizes { get; }

    /// <summary>Training and test images of 28×28.</summary>
    /// <exception cref="ArgumentException">There are fewer images than were asked for.</exception>
    protected (ImageSet Train, ImageSet Test) LoadDigits()
    {
        var sizes = Sizes;
        var train = Data is null
            ? GeneratedDigits.Create(Images > 0 ? Images : Quick ? sizes.QuickTrain : sizes.Train, DataSeed, train: true)
            : Models.Data.Mnist.Load(DataFolder.Open(Data), train: true);
        var test = Data is null
            ? GeneratedDigits.Create(Quick ? sizes.QuickTest : sizes.Test, DataSeed, train: false)
            : Models.Data.Mnist.Load(DataFolder.Open(Data), train: false);
        if (Images > train.Count)
            throw new UsageException($"--images must be at most {train.Count} with this data, but is {Images}.");
        if (Data is not null && (Images > 0 || Quick))
            train = train.Take(Images > 0 ? Images : sizes.QuickTrain);
        return (train, test);
    }
}
