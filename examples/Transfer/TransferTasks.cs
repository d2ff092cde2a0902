using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Transfer;
using AnalogTorch.Models.Weights;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using OwnTransfer;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Transfer;

/// <summary>Trains the backbone of a run without data: a small residual network on 20 classes of drawn patterns.</summary>
internal sealed record PretrainTask : TrainingTask
{
    /// <summary>The backbone's architecture.</summary>
    public const string Architecture = "resnet8_cifar";

    private const int BatchSize = 32;
    private const double LearningRate = 0.05, Momentum = 0.9;

    /// <summary>File to write the weights to.</summary>
    public string Weights { get; init; } = "";

    /// <summary>Training images.</summary>
    public int Images { get; init; }

    /// <summary>Seed of the drawn images.</summary>
    public long DataSeed { get; init; }

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        using var train = GeneratedPatterns.Create(PatternClasses.Pretraining, Images, DataSeed);
        using var test = GeneratedPatterns.Create(PatternClasses.Pretraining, Math.Max(Images / 8, 100), DataSeed, train: false);
        using var model = Zoo.Create(Architecture, train.Classes, Seed);
        var preprocessing = Zoo.Find(Architecture).Image!.Preprocessing;
        var loop = new TransferLoop(preprocessing.Normalize(train.Images), train.Labels, preprocessing.Normalize(test.Images), test.Labels, Epochs, BatchSize)
        {
            Momentum = Momentum,
            Stepped = progress.Advance,
            Tested = progress.Accuracy,
        };
        progress.Begin();
        var (_, accuracy, seconds) = loop.Run(model, LearningRate, null, Seed);
        progress.End();
        model.SaveWeights(Weights);
        return new TransferResult(Way, Seed, accuracy, seconds, null);
    }
}

/// <summary>Trains a head on features.</summary>
internal record HeadTask : TrainingTask
{
    /// <summary>File of the training features.</summary>
    public string Train { get; init; } = "";

    /// <summary>File of the test features.</summary>
    public string Test { get; init; } = "";

    /// <summary>Examples of a step.</summary>
    public int BatchSize { get; init; }

    /// <summary>Factor on the learning rates.</summary>
    public double RateFactor { get; init; } = 1;

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        using var head = TrainHead(TransferWay.Of(Way), Epochs, progress.Advance, progress.Accuracy, out var result);
        return result;
    }

    /// <summary>A layer trained on the features, after the layer that scales them.</summary>
    protected Module<Tensor, Tensor> TrainHead(TransferWay way, int epochs, Action<long, double> stepped, Action<double> tested, out TransferResult result)
    {
        using var scope = NewDisposeScope();
        using var train = FeatureFile.Open(Train);
        using var test = FeatureFile.Open(Test);
        var features = train.ReadAll();
        var scaling = FeatureScaling.Fit(features);
        random.manual_seed(Seed); // torch's own layers draw their start values from it
        var head = Linear(train.Width, train.Classes);
        var loop = new TransferLoop(scaling.call(features), tensor(train.Labels.ToArray()), scaling.call(test.ReadAll()), tensor(test.Labels.ToArray()), epochs, BatchSize)
        {
            Stepped = stepped,
            Tested = tested,
        };
        var (layers, accuracy, seconds) = loop.Run(head, RateFactor * way.LearningRate, way.Hardware, Seed);
        result = new(Way, Seed, accuracy, seconds, layers);
        return Sequential(("scaling", scaling), ("head", head));
    }
}

/// <summary>Fine-tunes backbone and head together, and programs what came of it into some chips that drift for a day.</summary>
internal sealed record FineTuneTask : HeadTask
{
    /// <summary>The deployments, by the end of their names, with the time after programming (s) and what is done against drift.</summary>
    public static IReadOnlyList<(string Name, double Time, DriftCompensation Compensation)> Deployments { get; } =
    [
        ("programmed", 1, new GlobalCompensation()),
        ("day-uncompensated", Units.Day, new NoCompensation()),
        ("day", Units.Day, new GlobalCompensation()),
        ("year", Units.Year, new GlobalCompensation()),
    ];

    private const double Momentum = 0.9;
    private const int ReferenceImages = 1_000;

    /// <summary>Images and backbone.</summary>
    public required TransferSource Source { get; init; }

    /// <summary>Passes of the head alone, in floating point, before the whole network is trained.</summary>
    public int HeadEpochs { get; init; }

    /// <summary>Chips, each with devices of its own.</summary>
    public int Chips { get; init; }

    /// <summary>Test images that chips are tested with; 0 for all.</summary>
    public int ChipImages { get; init; }

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        using var scope = NewDisposeScope();
        var (train, test) = Source.Load();
        var way = TransferWay.Of(Way);
        var preprocessing = Source.Preprocessing;
        var augmentation = Source.Target is TransferSource.Folders ? new HorizontalFlip() : Augmentation.Cifar;
        var stream = Rng.FromSeed(Seed).Split("augmentation");
        var step = 0L;
        Tensor Prepare(Tensor images, bool training) => preprocessing.ApplyToPixels(training ? augmentation.Apply(images, stream.Split(step++)) : images);

        progress.Begin();
        var head = TrainHead(TransferWay.Digital, HeadEpochs, (_, _) => { }, _ => { }, out _);
        using var model = Sequential(("backbone", Source.Backbone()), ("classifier", head));
        var loop = new TransferLoop(train.Images, train.Labels, test.Images, test.Labels, Epochs, BatchSize)
        {
            Momentum = Momentum,
            Prepare = Prepare,
            Stepped = progress.Advance,
            Tested = progress.Accuracy,
        };
        var hasBatchNorm = model.modules().OfType<TorchSharp.Modules.BatchNorm>().Any();
        var rate = RateFactor * way.LearningRate * (hasBatchNorm ? TransferWay.FactorWithBatchNorm : 1);
        var (layers, accuracy, seconds) = loop.Run(model, rate, way.Hardware, Seed);
        if (way.Hardware is TileConfig)
            return new TransferResult(Way, Seed, accuracy, seconds, layers);
        model.ToDigital();
        var digital = loop.Evaluate(model);
        var chipTest = ChipImages == 0 || ChipImages >= test.Count ? test : test.Take(ChipImages);
        var chipLoop = loop with { TestInputs = chipTest.Images, TestLabels = chipTest.Labels };
        var chips = Deployments.ToDictionary(deployment => deployment.Name, _ => new double[Chips]);
        for (var number = 0; number < Chips; number++)
        {
            foreach (var (name, time, compensation) in Deployments)
            {
                using var inner = NewDisposeScope();
                using var chip = model.Program(PcmPresets.Inference with { Compensation = compensation }, 1000 * Seed + number);
                chip.DriftTo(time);
                if (compensation is not NoCompensation && hasBatchNorm)
                    chip.RecalibrateBatchNorm(train.Images.narrow(0, 0, Math.Min(ReferenceImages, train.Count)).split(100), (network, batch) => network.call(Prepare(batch, false)));
                progress.Accuracy(chips[name][number] = chipLoop.Evaluate(chip));
            }
        }
        progress.End();
        return new TransferResult(Way, Seed, [.. accuracy[..^1], digital], seconds, layers, chips);
    }
}

/// <summary>What one training gave.</summary>
/// <param name="Way">Name of the way.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="Accuracy">Share of the test set got right after each epoch; the last of a network that met the hardware's noise is without it.</param>
/// <param name="Seconds">Time of the training.</param>
/// <param name="Layers">What became of the layers; null for torch's own.</param>
/// <param name="Chips">What each chip got right, by deployment; null where nothing is programmed.</param>
internal sealed record TransferResult(string Way, long Seed, double[] Accuracy, double Seconds, ConversionReport? Layers, Dictionary<string, double[]>? Chips = null)
    : TrainingResult(Way, Seed, Accuracy, Seconds);
