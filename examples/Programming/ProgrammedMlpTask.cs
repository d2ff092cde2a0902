using AnalogTorch.Conductance;
using AnalogTorch.Examples.Drift;
using AnalogTorch.Inference;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Programming;

/// <summary>Trains the 784-250-125-10 network in floating point, and programs it into some chips.</summary>
internal sealed record ProgrammedMlpTask : DigitTask
{
    /// <summary>Schemes by name, each with the map that it is used with; reads are exact, so that errors are those of the weights.</summary>
    public static IReadOnlyList<(string Name, InferenceConfig Hardware)> Schemes { get; } =
    [
        ("one-shot", PcmPresets.Inference with { Forward = new AnalogPath() }),
        ("write-verify", PcmPresets.Inference with { Forward = new AnalogPath(), Programming = new WriteVerifyProgramming() }),
        ("four-phase", PcmPresets.FourPhaseInference with { Forward = new AnalogPath() }),
        ("four-phase-8-bit", PcmPresets.FourPhaseInference),
    ];

    /// <summary>Chips of each scheme, each with devices of its own.</summary>
    public int Chips { get; init; } = 3;

    /// <inheritdoc/>
    protected override (int Train, int Test, int QuickTrain, int QuickTest) Sizes => (8_000, 5_000, 1_000, 500);

    /// <summary>Training and test images, 28×28.</summary>
    public (Models.Data.ImageSet Train, Models.Data.ImageSet Test) Load() => LoadDigits();

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        var (train, test) = Load();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        random.manual_seed(Seed);
        using var model = DeployedNetwork.Create("mlp", Seed);
        progress.Begin();
        DeployedNetwork.Train(model, train.Images, train.Labels, Epochs, 1e-3 * RateFactor, progress.Advance);
        var digital = DeployedNetwork.Accuracy(model, test.Images, test.Labels);
        progress.Accuracy(digital);
        var accuracies = Schemes.ToDictionary(scheme => scheme.Name, scheme => Enumerable.Range(0, Chips).Select(number =>
        {
            using var scope = NewDisposeScope();
            using var chip = model.Program(scheme.Hardware, seed: 1000 * Seed + number);
            return DeployedNetwork.Accuracy(chip, test.Images, test.Labels);
        }).ToArray());
        progress.End();
        return new ProgrammedMlpResult(Way, Seed, [digital], clock.Elapsed.TotalSeconds, accuracies);
    }
}

/// <summary>What one network gave.</summary>
/// <param name="Way">The network.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="Accuracy">Share of the test images that it got right digitally.</param>
/// <param name="Seconds">Time of the training and all evaluations.</param>
/// <param name="Programmed">What each chip got right, by scheme.</param>
internal sealed record ProgrammedMlpResult(string Way, long Seed, double[] Accuracy, double Seconds, Dictionary<string, double[]> Programmed)
    : TrainingResult(Way, Seed, Accuracy, Seconds);
