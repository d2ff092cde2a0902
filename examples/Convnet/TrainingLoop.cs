using System.Diagnostics;
using AnalogTorch.Layers;                                                                         // analog
using AnalogTorch.Optim;                                                                          // analog
using AnalogTorch.Tiles;                                                                          // analog
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.optim;

namespace OwnModel;

/// <summary>A training loop as one writes it for TorchSharp; what makes it in-memory training are the lines marked so.</summary>
internal sealed record TrainingLoop(Tensor Images, Tensor Labels, Tensor TestImages, Tensor TestLabels, int Epochs, int BatchSize)
{
    /// <summary>Told after each step how many images it took, and the loss where it is at hand.</summary>
    public required Action<long, double> Stepped { get; init; }

    /// <summary>Told after each epoch what share of the test images the network gets right.</summary>
    public required Action<double> Tested { get; init; }

    /// <returns>What became of each layer, share of the test images got right after each epoch, and the time.</returns>
    public (ConversionReport? Layers, double[] Accuracy, double Seconds) Run(double rate, LayerHardware? hardware, long seed)
    {
        random.manual_seed(seed);
        using var model = new DigitNet();
        var layers = hardware is null ? null : model.ToAnalog(hardware, seed);                    // analog
        using Optimizer optimizer = hardware is TileConfig
            ? new AnalogSGD(model.parameters(), rate)                                             // analog
            : SGD(model.parameters(), rate);
        var schedule = lr_scheduler.MultiStepLR(optimizer, [Math.Max(Epochs / 2, 1)], gamma: 0.5);
        using var loss = CrossEntropyLoss();

        var accuracy = new double[Epochs];
        var clock = Stopwatch.StartNew();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            using var epochScope = NewDisposeScope();
            var order = randperm(Images.shape[0]);
            model.train();
            for (long start = 0; start < Images.shape[0]; start += BatchSize)
            {
                using var scope = NewDisposeScope();
                var batch = order.narrow(0, start, Math.Min(BatchSize, Images.shape[0] - start));
                var (x, target) = (Images.index_select(0, batch), Labels.index_select(0, batch));

                optimizer.zero_grad();
                var error = loss.call(model.call(x), target);
                error.backward();
                optimizer.step();

                Stepped(batch.shape[0], start / BatchSize % 64 == 0 ? error.item<float>() : double.NaN);
            }
            schedule.step();
            Tested(accuracy[epoch] = Evaluate(model));
        }
        return (layers, accuracy, clock.Elapsed.TotalSeconds);
    }

    private double Evaluate(DigitNet model)
    {
        model.eval();
        using var noGrad = no_grad();
        var right = 0L;
        for (long start = 0; start < TestImages.shape[0]; start += 500)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(500, TestImages.shape[0] - start);
            var scores = model.call(TestImages.narrow(0, start, count));
            right += scores.argmax(1).eq(TestLabels.narrow(0, start, count)).sum().item<long>();
        }
        return (double)right / TestImages.shape[0];
    }
}
