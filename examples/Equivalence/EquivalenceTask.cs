using System.Diagnostics;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.optim;

namespace AnalogTorch.Examples.Equivalence;

/// <summary>What one training gave.</summary>
/// <param name="Way">Name of the way.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="Accuracy">On the validation samples after each epoch: the share that is right, or of a regression 1 − error ÷ spread.</param>
/// <param name="Seconds">Time from the first sample to the last.</param>
/// <param name="Right">Of the test samples, which are right, as bits in base64; of a regression the squared errors. Empty for a training that is only to choose a rate.</param>
/// <param name="Transfers">Fewest transfers of a layer of MSP/LSP cells; null where there are none.</param>
internal sealed record EquivalenceResult(string Way, long Seed, double[] Accuracy, double Seconds, double[] Right, long? Transfers) : TrainingResult(Way, Seed, Accuracy, Seconds);

/// <summary>A training of one problem in one way with one learning rate.</summary>
internal sealed record EquivalenceTask : TrainingTask
{
    /// <summary>Name of the problem.</summary>
    public string Problem { get; init; } = "";

    /// <summary>Folder of data sets; null for what the program draws.</summary>
    public string? Data { get; init; }

    /// <summary>Seed of what is drawn, and of what is mixed.</summary>
    public long DataSeed { get; init; }

    /// <summary>Most samples to learn from and to choose by.</summary>
    public int TrainCount { get; init; }

    /// <summary>Most samples to test with.</summary>
    public int TestCount { get; init; }

    /// <summary>Samples of a step.</summary>
    public int BatchSize { get; init; }

    /// <summary>Learning rate at the start; it is halved half way.</summary>
    public double Rate { get; init; }

    /// <summary>Whether the test samples are looked at.</summary>
    public bool Tests { get; init; }

    /// <summary>The samples of the problem.</summary>
    public Split Load()
    {
        var source = new ProblemSource(Data is null ? null : DataFolder.Open(Data), DataSeed, TrainCount, TestCount);
        var (train, test) = Equivalence.Problem.All.Single(problem => problem.Name == Problem).Load(source);
        return Split.Of(train, test);
    }

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        var problem = Equivalence.Problem.All.Single(problem => problem.Name == Problem);
        var hardware = EquivalenceWay.All.Single(way => way.Name == Way).Hardware;
        var split = Load();
        var outputs = problem.IsRegression ? split.Train.Y.shape[1] : split.Train.Y.max().item<long>() + 1;
        using var model = Mlp.Create([split.Train.X.shape[1], .. problem.Hidden, outputs], Seed);
        if (hardware is not null)
            model.ToAnalog(hardware, Seed);
        using Optimizer optimizer = hardware is null ? SGD(model.parameters(), Rate) : new AnalogSGD(model.parameters(), Rate);
        var schedule = lr_scheduler.MultiStepLR(optimizer, [Math.Max(Epochs / 2, 1)], gamma: 0.5);
        using Loss<Tensor, Tensor, Tensor> loss = problem.IsRegression ? MSELoss() : CrossEntropyLoss();

        var curve = new double[Epochs];
        var clock = Stopwatch.StartNew();
        progress.Begin();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            Learn(model, optimizer, loss, split.Train, epoch, progress);
            schedule.step();
            curve[epoch] = Score(model, split.Validation, problem.IsRegression).Average();
            progress.Accuracy(curve[epoch]);
        }
        progress.End();
        var right = Tests ? Score(model, split.Test, problem.IsRegression) : [];
        return new EquivalenceResult(Way, Seed, curve, clock.Elapsed.TotalSeconds, right, TransferCount.Of(model));
    }

    private void Learn(Module<Tensor, Tensor> model, Optimizer optimizer, Loss<Tensor, Tensor, Tensor> loss, Samples samples, int epoch, ITrainingProgress progress)
    {
        using var epochScope = NewDisposeScope();
        using var shuffler = new Generator((ulong)(Seed * 1_000_003 + epoch));
        var order = randperm(samples.Count, generator: shuffler);
        var (x, y) = (samples.X.index_select(0, order), samples.Y.index_select(0, order));
        model.train();
        for (long start = 0; start < samples.Count; start += BatchSize)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(BatchSize, samples.Count - start);
            optimizer.zero_grad();
            var error = loss.call(model.call(x.narrow(0, start, count)), y.narrow(0, start, count));
            error.backward();
            optimizer.step();
            progress.Advance(count, start / BatchSize % 64 == 0 ? error.item<float>() : double.NaN);
        }
    }

    /// <summary>Sample by sample: 1 for a right class and 0 for a wrong one; of a regression 1 less the squared error, in units of the variance.</summary>
    private static double[] Score(Module<Tensor, Tensor> model, Samples samples, bool isRegression)
    {
        const int Block = 1000;
        model.eval();
        using var noGrad = no_grad();
        var scores = new List<double>();
        for (long start = 0; start < samples.Count; start += Block)
        {
            using var scope = NewDisposeScope();
            var some = samples.Slice(start, Math.Min(Block, samples.Count - start));
            var y = model.call(some.X);
            var score = isRegression ? 1 - (y - some.Y).pow(2).mean([1]) : y.argmax(1).eq(some.Y);
            scores.AddRange(score.to_type(ScalarType.Float64).data<double>().ToArray());
        }
        return [.. scores];
    }
}
