using System.Diagnostics;
using AnalogTorch.Energy;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.optim;

namespace AnalogTorch.Examples.Algorithms;

/// <summary>What one training gave.</summary>
/// <param name="Way">Name of the rule.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="Accuracy">Share of the test images got right after each epoch.</param>
/// <param name="Seconds">Time of the steps alone.</param>
/// <param name="Work">What the arrays did; null in floating point.</param>
internal sealed record AlgorithmResult(string Way, long Seed, double[] Accuracy, double Seconds, ArrayWork? Work) : TrainingResult(Way, Seed, Accuracy, Seconds);

/// <summary>What the arrays of a network did, over all layers.</summary>
/// <param name="FastPulses">Pulses of trains, for a weight and example.</param>
/// <param name="OtherPulses">Pulses of transfers, carries and refreshes, for a weight and example.</param>
/// <param name="LineReads">Reads of lines for transfers, for an example.</param>
/// <param name="WorstWear">Most pulses of trains that a weight received.</param>
/// <param name="MeanWear">Mean of them.</param>
/// <param name="Seconds">Time of an example on the hardware, layer after layer.</param>
/// <param name="Joules">Energy of an example on the hardware.</param>
/// <param name="Bytes">Bytes that the simulation keeps for a weight.</param>
internal sealed record ArrayWork(double FastPulses, double OtherPulses, double LineReads, double WorstWear, double MeanWear, double Seconds, double Joules, double Bytes);

/// <summary>A training of one rule on one device.</summary>
internal sealed record AlgorithmTask : DigitTask
{
    /// <summary>Name of the device.</summary>
    public string Device { get; init; } = "soft-bounds";

    /// <summary>Its number of states.</summary>
    public double States { get; init; }

    /// <summary>Mean imbalance of its steps.</summary>
    public double Asymmetry { get; init; }

    /// <summary>What references are off (σ_r).</summary>
    public double Offset { get; init; }

    /// <summary>The network.</summary>
    public string Network { get; init; } = "mlp";

    /// <inheritdoc/>
    protected override (int Train, int Test, int QuickTrain, int QuickTest) Sizes => (3_000, 2_000, 300, 200);

    /// <summary>Training and test images, 28×28.</summary>
    public (ImageSet Train, ImageSet Test) Load() => LoadDigits();

    /// <summary>Number of test images.</summary>
    public long TestCount()
    {
        using var scope = NewDisposeScope();
        return Load().Test.Count;
    }

    /// <summary>The hardware; null for floating point.</summary>
    public TileConfig? Hardware => Rule.Hardware(AlgorithmRule.Device(Device, States, Asymmetry), Offset);

    private AlgorithmRule Rule => AlgorithmRule.All.Single(rule => rule.Name == Way);

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        var (train, test) = Load();
        using var model = AlgorithmNetworks.Create(Network, Seed);
        if (Hardware is { } hardware)
        {
            model.ToAnalog(hardware, Seed);
            foreach (var (_, tile) in model.AnalogTiles())
                tile.CountPulses();
        }
        var rate = RateFactor * Rule.LearningRate;
        using Optimizer optimizer = Rule.Cell is null ? SGD(model.parameters(), rate) : new AnalogSGD(model.parameters(), rate);
        var schedule = lr_scheduler.MultiStepLR(optimizer, [Math.Max(Epochs / 2, 1)], gamma: 0.5);
        using var loss = CrossEntropyLoss();
        var accuracy = new double[Epochs];
        var clock = new Stopwatch();
        Census? census = null;
        progress.Begin();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            using var epochScope = NewDisposeScope();
            using var shuffler = new Generator((ulong)(Seed * 1_000_003 + epoch));
            var order = randperm(train.Count, generator: shuffler);
            var (images, labels) = (train.Images.index_select(0, order), train.Labels.index_select(0, order));
            model.train();
            clock.Start();
            for (long start = 0; start < train.Count; start += BatchSize)
            {
                var count = Math.Min(BatchSize, train.Count - start);
                var error = Step(images.narrow(0, start, count), labels.narrow(0, start, count), isShown: start / BatchSize % 64 == 0);
                progress.Advance(count, error);
            }
            clock.Stop();
            schedule.step();
            accuracy[epoch] = Evaluate(model, test);
            progress.Accuracy(accuracy[epoch]);
        }
        if (Rule.Cell is not null)
        {
            var count = (int)Math.Min(20 * BatchSize, train.Count);
            model.train();
            census = model.TakeCensus(count, () =>
            {
                for (var start = 0; start < count; start += BatchSize)
                {
                    var some = Math.Min(BatchSize, count - start);
                    Step(train.Images.narrow(0, start, some), train.Labels.narrow(0, start, some), isShown: false);
                }
            });
        }
        progress.End();
        return new AlgorithmResult(Way, Seed, accuracy, clock.Elapsed.TotalSeconds, census is null ? null : WorkOf(model, census));

        double Step(Tensor x, Tensor y, bool isShown)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            var error = loss.call(model.call(x), y);
            error.backward();
            optimizer.step();
            return isShown ? error.item<float>() : double.NaN;
        }
    }

    private static double Evaluate(Module<Tensor, Tensor> model, ImageSet test)
    {
        model.eval();
        using var noGrad = no_grad();
        var right = 0L;
        for (long start = 0; start < test.Count; start += 500)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(500, test.Count - start);
            right += model.call(test.Images.narrow(0, start, count)).argmax(1).eq(test.Labels.narrow(0, start, count)).sum().item<long>();
        }
        return (double)right / test.Count;
    }

    private static ArrayWork WorkOf(Module<Tensor, Tensor> model, Census census)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var tiles = model.AnalogTiles().Select(entry => entry.Tile).ToArray();
        var arrays = census.Layers.Where(layer => layer.IsArray).ToArray();
        var (timing, cost) = (new UpdateTiming(), new Duration90nm().Of(census));
        var wear = tiles.Select(tile => tile.Cells.PulseCounts is { } counts ? (counts.Up + counts.Down).to(ScalarType.Float64) : zeros(1, ScalarType.Float64)).ToArray();
        var weightExamples = arrays.Sum(layer => (double)layer.Weights * layer.Updates);
        var weights = tiles.Sum(tile => (double)tile.Cells.Weights.NumberOfElements);
        return new(
            arrays.Sum(layer => layer.UpdatePulses) / weightExamples,
            arrays.Sum(layer => layer.ProgrammingPulses) / weightExamples,
            arrays.Sum(layer => layer.Rule.LineReads) / (double)census.Samples,
            wear.Max(counts => counts.max().item<double>()),
            wear.Sum(counts => counts.sum().item<double>()) / weights,
            arrays.Sum(layer => timing.OfExample(layer) * layer.Updates / census.Samples),
            cost.JoulesPerInference,
            sizeof(float) + tiles.Sum(tile => tile.Cells.State.named_buffers().Sum(buffer => buffer.buffer.NumberOfElements * buffer.buffer.ElementSize)) / weights);
    }
}
