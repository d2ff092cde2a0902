using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Examples.Drift;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Energy;

/// <summary>Trains a network, programs it into chips of many kinds, and sees what each gets right after a day and what it costs.</summary>
internal sealed record EnergyTask : DigitTask
{
    /// <summary>What the task trains: one of the networks of the example <c>drift</c>, or the published one in memory.</summary>
    public const string Mlp = "mlp", Convnet = "convnet", Training = "training";

    private const int TrainingImages = 500;
    private const double TrainingRate = 0.01;

    /// <summary>Sides of tiles, bits of the outputs, and how much more than the largest weight full conductance stands for.</summary>
    public static (int[] Sides, int[] Bits, double[] Headrooms) Sweep { get; } = ([128, 512, 1024], [4, 6, 8, 10], [1, 2, 5]);

    /// <inheritdoc/>
    protected override (int Train, int Test, int QuickTrain, int QuickTest) Sizes => (8_000, 3_000, 1_000, 500);

    /// <summary>Training and test images, 28×28.</summary>
    public (Models.Data.ImageSet Train, Models.Data.ImageSet Test) Load() => LoadDigits();

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        var (train, test) = Load();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        progress.Begin();
        if (Way == Training)
        {
            var census = InMemory(train, progress);
            progress.End();
            return new EnergyResult(Way, Seed, [double.NaN], clock.Elapsed.TotalSeconds, [Point.Of("training", double.NaN, 0, 0, 0, new Duration90nm().Of(census))]);
        }
        random.manual_seed(Seed);
        using var model = DeployedNetwork.Create(Way, Seed);
        DeployedNetwork.Train(model, train.Images, train.Labels, Epochs - Epochs / 2, 1e-3 * RateFactor, progress.Advance);
        model.ToAnalog(PcmPresets.HardwareAwareForInference, Seed);
        DeployedNetwork.Train(model, train.Images, train.Labels, Epochs / 2, 1e-3 * RateFactor, progress.Advance);
        model.ToDigital();
        var digital = DeployedNetwork.Accuracy(model, test.Images, test.Labels);
        progress.Accuracy(digital);
        var points = new List<Point> { Measure(model, train, test, "day", PcmPresets.Inference, new Duration14nm(), 0, 10, 1) };
        if (Way == Mlp)
        {
            foreach (var side in Sweep.Sides)
                foreach (var bits in Sweep.Bits)
                    foreach (var headroom in Sweep.Headrooms)
                        points.Add(Measure(model, train, test, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"tiles of {side}, {bits} bits, headroom {headroom}"), Chip(side, bits, headroom), new Duration14nm(), side, bits, headroom));
        }
        progress.End();
        return new EnergyResult(Way, Seed, [digital], clock.Elapsed.TotalSeconds, [.. points]);
    }

    private Point Measure(Module<Tensor, Tensor> model, Models.Data.ImageSet train, Models.Data.ImageSet test, string name, InferenceConfig hardware, HardwareCost cost, int side, int bits, double headroom)
    {
        using var scope = NewDisposeScope();
        using var chip = model.Program(hardware, seed: 1000 * Seed);
        chip.DriftTo(Units.Day);
        if (model.modules().OfType<TorchSharp.Modules.BatchNorm>().Any())
            chip.RecalibrateBatchNorm(train.Images.narrow(0, 0, Math.Min(1000, train.Count)).split(100), (network, batch) => network.call(batch));
        var accuracy = DeployedNetwork.Accuracy(chip, test.Images, test.Labels);
        return Point.Of(name, accuracy, side, bits, headroom, ((Module<Tensor, Tensor>)chip.Model).EstimateCost(cost, test.Images.narrow(0, 0, 1)));
    }

    private static InferenceConfig Chip(int side, int bits, double headroom) => PcmPresets.Inference with
    {
        Size = new LimitedSize { Inputs = side, Outputs = side },
        Range = new Headroom { Factor = headroom },
        // The same range of outputs, cut into fewer steps.
        Forward = PcmPresets.InferencePath with { Adc = new UniformConverter { Bits = bits, Bound = 40 } },
    };

    /// <summary>Some images of training in memory, one by one: the 528-250-125-10 network on 2T2R+3T1C cells.</summary>
    private Census InMemory(Models.Data.ImageSet train, ITrainingProgress progress)
    {
        using var images = train.CenterCrop(24, 22);
        using var model = AnalogTorch.Models.Networks.Mlp.Create([528, 250, 125, 10], Seed);
        model.ToAnalog(PcmPresets.MspLsp, Seed);
        using var optimizer = new AnalogSGD(model.parameters(), TrainingRate);
        using var loss = CrossEntropyLoss();
        var inputs = images.Flatten();
        var count = Math.Min(TrainingImages, (int)images.Count);
        return model.TakeCensus(count, () =>
        {
            for (var i = 0; i < count; i++)
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                loss.call(model.call(inputs.narrow(0, i, 1)), images.Labels.narrow(0, i, 1)).backward();
                optimizer.step();
                progress.Advance(1);
            }
        });
    }
}

/// <summary>A chip's accuracy beside its cost.</summary>
/// <param name="Name">What tells it from the others.</param>
/// <param name="Accuracy">Share of the test images got right a day after programming; not a number where nothing was tested.</param>
/// <param name="Side">Inputs and outputs of a tile; 0 for one array a layer.</param>
/// <param name="Bits">Bits of an output.</param>
/// <param name="Headroom">How much more than the largest weight full conductance stands for.</param>
/// <param name="Joules">Energy of an inference, or of a training example (J).</param>
/// <param name="Seconds">Time of it (s).</param>
/// <param name="SquareMetres">Area (m²).</param>
/// <param name="TopsPerWatt">Efficiency.</param>
/// <param name="TopsPerSquareMillimetre">Density.</param>
/// <param name="Devices">Number of devices.</param>
/// <param name="Text">The whole cost, as a table.</param>
/// <param name="Energy">Energy by component (J).</param>
internal sealed record Point(
    string Name, double Accuracy, int Side, int Bits, double Headroom, double Joules, double Seconds, double SquareMetres, double TopsPerWatt,
    double TopsPerSquareMillimetre, long Devices, string Text, Dictionary<string, double> Energy)
{
    /// <summary>A point from a cost report.</summary>
    public static Point Of(string name, double accuracy, int side, int bits, double headroom, CostReport report) => new(
        name, accuracy, side, bits, headroom, report.JoulesPerInference, report.SecondsPerInference, report.SquareMetres, report.TopsPerWatt,
        report.TopsPerSquareMillimetre, report.Devices, report.ToString(), report.Energy.ToDictionary(part => part.Key.ToString().ToLowerInvariant(), part => part.Value));

    /// <summary>Whether another point is at least as good in accuracy and energy, and better in one.</summary>
    public bool IsBeatenBy(Point other) => other.Accuracy >= Accuracy && other.Joules <= Joules && (other.Accuracy > Accuracy || other.Joules < Joules);
}

/// <summary>What one training and its chips gave.</summary>
/// <param name="Way">What was trained.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="Accuracy">Share of the test images that the network got right digitally.</param>
/// <param name="Seconds">Time of the training and all chips.</param>
/// <param name="Points">The chips.</param>
internal sealed record EnergyResult(string Way, long Seed, double[] Accuracy, double Seconds, Point[] Points) : TrainingResult(Way, Seed, Accuracy, Seconds);
