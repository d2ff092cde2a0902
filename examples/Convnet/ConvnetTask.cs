using AnalogTorch.Layers;
using OwnModel;

namespace AnalogTorch.Examples.Convnet;

/// <summary>A training of <see cref="DigitNet"/>.</summary>
internal sealed record ConvnetTask : DigitTask
{
    /// <inheritdoc/>
    protected override (int Train, int Test, int QuickTrain, int QuickTest) Sizes => (8_000, 5_000, 1_000, 1_000);

    /// <summary>Training and test images, 28×28.</summary>
    public (Models.Data.ImageSet Train, Models.Data.ImageSet Test) Load() => LoadDigits();

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        var (train, test) = Load();
        var way = ConvnetWay.All.Single(way => way.Name == Way);
        var loop = new TrainingLoop(train.Images, train.Labels, test.Images, test.Labels, Epochs, BatchSize)
        {
            Stepped = progress.Advance,
            Tested = progress.Accuracy,
        };
        progress.Begin();
        var (layers, accuracy, seconds) = loop.Run(RateFactor * way.LearningRate, way.Hardware, Seed);
        progress.End();
        return new ConvnetResult(Way, Seed, accuracy, seconds, layers);
    }
}

/// <summary>What one training gave.</summary>
/// <param name="Way">Name of the way.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="Accuracy">Share of the test images got right after each epoch.</param>
/// <param name="Seconds">Time from the first image to the last.</param>
/// <param name="Layers">What became of the layers; null for torch's own.</param>
internal sealed record ConvnetResult(string Way, long Seed, double[] Accuracy, double Seconds, ConversionReport? Layers) : TrainingResult(Way, Seed, Accuracy, Seconds);
