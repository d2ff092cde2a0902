using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Drift;

/// <summary>Trains a network, programs it into some chips, and follows them for ten years.</summary>
internal sealed record DriftTask : DigitTask
{
    /// <summary>What is done against drift; batch norm only where the network has it.</summary>
    public static IReadOnlyList<string> Compensations { get; } = ["none", "global", "per-output", "exact", "batch-norm"];

    /// <summary>Times after programming (s).</summary>
    public static IReadOnlyList<double> Times { get; } = [1, Units.Minute, Units.Hour, Units.Day, 30 * Units.Day, Units.Year, 10 * Units.Year];

    /// <summary>Passes with the hardware's noise, after those without.</summary>
    public int AwareEpochs { get; init; }

    /// <summary>Chips, each with devices of its own.</summary>
    public int Chips { get; init; } = 3;

    /// <inheritdoc/>
    protected override (int Train, int Test, int QuickTrain, int QuickTest) Sizes => (8_000, 3_000, 1_000, 500);

    /// <summary>Whether a way trains aware of the hardware.</summary>
    public static bool IsAware(string way) => way.EndsWith("-hwa", StringComparison.Ordinal);

    /// <summary>Training and test images, 28×28.</summary>
    public (Models.Data.ImageSet Train, Models.Data.ImageSet Test) Load() => LoadDigits();

    /// <summary>The hardware that a compensation stands for.</summary>
    public static InferenceConfig Hardware(string compensation) => PcmPresets.Inference with
    {
        Compensation = compensation switch
        {
            "global" => new GlobalCompensation(),
            "per-output" => new PerOutputCompensation(),
            "exact" => new ExactCompensation(),
            _ => new NoCompensation(),
        },
    };

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        var (train, test) = Load();
        var name = Way.Split('-')[0];
        var (images, testImages) = (Maps(train.Images), Maps(test.Images));
        random.manual_seed(Seed);
        using var model = DeployedNetwork.Create(name, Seed);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        progress.Begin();
        DeployedNetwork.Train(model, images, train.Labels, Epochs - (IsAware(Way) ? AwareEpochs : 0), 1e-3 * RateFactor, progress.Advance);
        if (IsAware(Way))
        {
            model.ToAnalog(PcmPresets.HardwareAwareForInference, Seed);
            DeployedNetwork.Train(model, images, train.Labels, AwareEpochs, 1e-3 * RateFactor, progress.Advance);
            model.ToDigital();
        }
        var digital = DeployedNetwork.Accuracy(model, testImages, test.Labels);
        progress.Accuracy(digital);
        var cells = new List<DriftCell>();
        var reference = images.narrow(0, 0, Math.Min(1300, images.shape[0]));
        foreach (var compensation in Compensations.Where(compensation => compensation != "batch-norm" || model.modules().OfType<TorchSharp.Modules.BatchNorm>().Any()))
        {
            var accuracies = Times.Select(_ => new double[Chips]).ToArray();
            for (var number = 0; number < Chips; number++)
            {
                using var scope = NewDisposeScope();
                using var chip = model.Program(Hardware(compensation), seed: 1000 * Seed + number);
                for (var i = 0; i < Times.Count; i++)
                {
                    chip.DriftTo(Times[i]);
                    if (compensation == "batch-norm")
                        chip.RecalibrateBatchNorm(reference.split(100), (network, batch) => network.call(batch));
                    accuracies[i][number] = DeployedNetwork.Accuracy(chip, testImages, test.Labels);
                }
                progress.Accuracy(accuracies[^1][number]);
            }
            cells.AddRange(Times.Select((time, i) => new DriftCell(compensation, time, accuracies[i])));
        }
        progress.End();
        return new DriftResult(Way, Seed, [digital], clock.Elapsed.TotalSeconds, [.. cells]);
    }

    private static Tensor Maps(Tensor images) => images.dim() == 4 ? images : images.view(-1, 1, 28, 28);
}

/// <summary>Accuracies of some chips at one time.</summary>
/// <param name="Compensation">What was done against drift.</param>
/// <param name="Time">Time after programming (s).</param>
/// <param name="Accuracies">Share of the test images that each chip got right.</param>
internal sealed record DriftCell(string Compensation, double Time, double[] Accuracies);

/// <summary>What one network gave.</summary>
/// <param name="Way">The network, and whether it was trained aware of the hardware.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="Accuracy">Share of the test images that the trained network got right digitally.</param>
/// <param name="Seconds">Time of the training and all evaluations.</param>
/// <param name="Cells">What the chips got right.</param>
internal sealed record DriftResult(string Way, long Seed, double[] Accuracy, double Seconds, DriftCell[] Cells) : TrainingResult(Way, Seed, Accuracy, Seconds);
