using System.Diagnostics;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.optim;

namespace AnalogTorch.Examples.Mnist;

/// <summary>What one training gave.</summary>
/// <param name="Way">Name of the way.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="Accuracy">Share of the test images got right after each epoch.</param>
/// <param name="MeanWeight">Mean magnitude of the weights of the first layer after each epoch.</param>
/// <param name="Seconds">Time from the first image to the last.</param>
/// <param name="Transfers">Fewest transfers of a layer of MSP/LSP cells; null where there are none.</param>
/// <param name="Findings">What the devices did, if somebody looked.</param>
internal sealed record MnistResult(string Way, long Seed, double[] Accuracy, double[] MeanWeight, double Seconds, long? Transfers, Findings? Findings)
    : TrainingResult(Way, Seed, Accuracy, Seconds);

/// <summary>The training loop of any TorchSharp program; what makes it analog are the two lines marked so.</summary>
internal sealed record MnistTraining(ImageSet Train, ImageSet Test, int Epochs, int BatchSize, string? EventFolder)
{
    public MnistResult Run(Way way, long seed, bool observe, ITrainingProgress progress)
    {
        using var model = Mlp.Create(Mlp.Mnist, seed);
        var hardware = way.Hardware;
        if (hardware is not null)
            model.ToAnalog(hardware, seed);                                                       // analog
        using Optimizer optimizer = hardware is null
            ? SGD(model.parameters(), way.LearningRate)
            : new AnalogSGD(model.parameters(), way.LearningRate);                                // analog
        var schedule = lr_scheduler.MultiStepLR(optimizer, [Math.Max(Epochs / 2, 1)], gamma: 0.5);
        using var loss = CrossEntropyLoss();

        var events = EventFolder is null ? null : torch.utils.tensorboard.SummaryWriter(Path.Combine(EventFolder, $"{way.Name}-{seed}"));
        var observer = observe && hardware is not null ? new Observer(model) : null;
        var accuracy = new double[Epochs];
        var meanWeight = new double[Epochs];
        var clock = Stopwatch.StartNew();
        progress.Begin();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            using var epochScope = NewDisposeScope();
            using var shuffler = new Generator((ulong)(seed * 1_000_003 + epoch));
            var order = randperm(Train.Count, generator: shuffler);
            var images = Train.Flatten().index_select(0, order);
            var labels = Train.Labels.index_select(0, order);
            model.train();
            for (long start = 0; start < Train.Count; start += BatchSize)
            {
                using var scope = NewDisposeScope();
                var count = Math.Min(BatchSize, Train.Count - start);
                var x = images.narrow(0, start, count);
                var target = labels.narrow(0, start, count);

                optimizer.zero_grad();
                var error = loss.call(model.call(x), target);
                error.backward();
                optimizer.step();

                observer?.After(count);
                progress.Advance(count, start / BatchSize % 64 == 0 ? error.item<float>() : double.NaN);
            }
            schedule.step();
            accuracy[epoch] = Evaluate(model);
            meanWeight[epoch] = model.get_parameter("fc1.weight")!.abs().mean().item<float>();
            progress.Accuracy(accuracy[epoch]);
            events?.add_scalar("test accuracy", (float)accuracy[epoch], epoch + 1);
            events?.add_scalar("mean weight of fc1", (float)meanWeight[epoch], epoch + 1);
        }
        progress.End();
        return new(way.Name, seed, accuracy, meanWeight, clock.Elapsed.TotalSeconds, TransferCount.Of(model), observer?.Finish());
    }

    /// <summary>Share of the test images that the model gets right.</summary>
    private double Evaluate(Module<Tensor, Tensor> model)
    {
        model.eval();
        using var noGrad = no_grad();
        var right = 0L;
        for (long start = 0; start < Test.Count; start += 1000)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(1000, Test.Count - start);
            var scores = model.call(Test.Flatten().narrow(0, start, count));
            right += scores.argmax(1).eq(Test.Labels.narrow(0, start, count)).sum().item<long>();
        }
        return (double)right / Test.Count;
    }
}
