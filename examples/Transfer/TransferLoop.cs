using System.Diagnostics;
using AnalogTorch.Layers;                                                                         // analog
using AnalogTorch.Optim;                                                                          // analog
using AnalogTorch.Tiles;                                                                          // analog
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.optim;

namespace OwnTransfer;

/// <summary>A training loop as one writes it for TorchSharp; what makes it in-memory training are the lines marked so.</summary>
/// <param name="Inputs">Features or images to train on.</param>
/// <param name="Labels">Their classes.</param>
/// <param name="TestInputs">Features or images to test with.</param>
/// <param name="TestLabels">Their classes.</param>
/// <param name="Epochs">Passes over the training set.</param>
/// <param name="BatchSize">Examples of a step.</param>
internal sealed record TransferLoop(Tensor Inputs, Tensor Labels, Tensor TestInputs, Tensor TestLabels, int Epochs, int BatchSize)
{
    private const int TestBatch = 100;

    /// <summary>What becomes of a batch before the network sees it; the second argument says whether to train with it.</summary>
    public Func<Tensor, bool, Tensor> Prepare { get; init; } = (inputs, _) => inputs;

    /// <summary>Momentum of the digital optimizer.</summary>
    public double Momentum { get; init; }

    /// <summary>Told after each step how many examples it took, and the loss where it is at hand.</summary>
    public required Action<long, double> Stepped { get; init; }

    /// <summary>Told after each epoch what share of the test set the network gets right.</summary>
    public required Action<double> Tested { get; init; }

    /// <returns>What became of each layer, share of the test set got right after each epoch, and the time.</returns>
    public (ConversionReport? Layers, double[] Accuracy, double Seconds) Run(Module<Tensor, Tensor> model, double rate, LayerHardware? hardware, long seed)
    {
        random.manual_seed(seed);
        var layers = hardware is null ? null : model.ToAnalog(hardware, seed);                    // analog
        using Optimizer optimizer = hardware is TileConfig
            ? new AnalogSGD(model.parameters(), rate)                                             // analog
            : SGD(model.parameters(), rate, Momentum);
        using var loss = CrossEntropyLoss();

        var accuracy = new double[Epochs];
        var clock = Stopwatch.StartNew();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            using var epochScope = NewDisposeScope();
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = rate * (0.05 + 0.475 * (1 + Math.Cos(Math.PI * epoch / Epochs)));
            var order = randperm(Inputs.shape[0]);
            model.train();
            for (long start = 0; start < Inputs.shape[0]; start += BatchSize)
            {
                using var scope = NewDisposeScope();
                var batch = order.narrow(0, start, Math.Min(BatchSize, Inputs.shape[0] - start));
                var (x, target) = (Prepare(Inputs.index_select(0, batch), true), Labels.index_select(0, batch));

                optimizer.zero_grad();
                var error = loss.call(model.call(x), target);
                error.backward();
                optimizer.step();

                Stepped(batch.shape[0], start / BatchSize % 16 == 0 ? error.item<float>() : double.NaN);
            }
            Tested(accuracy[epoch] = Evaluate(model));
        }
        return (layers, accuracy, clock.Elapsed.TotalSeconds);
    }

    /// <summary>Share of the test set that a network gets right.</summary>
    public double Evaluate(Module<Tensor, Tensor> model)
    {
        model.eval();
        using var noGrad = no_grad();
        var right = 0L;
        for (long start = 0; start < TestInputs.shape[0]; start += TestBatch)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(TestBatch, TestInputs.shape[0] - start);
            var scores = model.call(Prepare(TestInputs.narrow(0, start, count), false));
            right += scores.argmax(1).eq(TestLabels.narrow(0, start, count)).sum().item<long>();
        }
        return (double)right / TestInputs.shape[0];
    }
}
