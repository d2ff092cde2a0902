using AnalogTorch.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Drift;

/// <summary>The networks that are deployed, from images [batch, 1, 28, 28] to scores.</summary>
internal static class DeployedNetwork
{
    /// <summary>Names of the networks.</summary>
    public static IReadOnlyList<string> Names { get; } = ["mlp", "convnet"];

    /// <summary>A network with start values of a seed.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="seed">The seed.</param>
    public static Module<Tensor, Tensor> Create(string name, long seed)
    {
        if (name == "mlp")
            return Sequential(("flat", Flatten()), ("mlp", Mlp.Create([784, 250, 125, 10], seed)));
        random.manual_seed(seed); // torch's own layers draw their start values from it
        return Sequential(
            ("conv1", Conv2d(1, 8, 5)), ("norm1", BatchNorm2d(8)), ("act1", ReLU()), ("pool1", MaxPool2d(2)),
            ("conv2", Conv2d(8, 16, 5)), ("norm2", BatchNorm2d(16)), ("act2", ReLU()), ("pool2", MaxPool2d(2)),
            ("flat", Flatten()), ("fc1", Linear(256, 64)), ("act3", ReLU()), ("fc2", Linear(64, 10)));
    }

    /// <summary>Trains a network with Adam.</summary>
    /// <param name="model">The network.</param>
    /// <param name="images">Images [samples, 1, 28, 28].</param>
    /// <param name="labels">What they show.</param>
    /// <param name="epochs">Passes over them.</param>
    /// <param name="rate">Learning rate at the start; it falls to a tenth along half a cosine.</param>
    /// <param name="stepped">Told after each step how many images it took, and the loss where it is at hand.</param>
    public static void Train(Module<Tensor, Tensor> model, Tensor images, Tensor labels, int epochs, double rate, Action<long, double> stepped)
    {
        const long batch = 32;
        using var optimizer = optim.Adam(model.parameters(), rate);
        using var loss = CrossEntropyLoss();
        model.train();
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            using var epochScope = NewDisposeScope();
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = rate * (0.1 + 0.45 * (1 + Math.Cos(Math.PI * epoch / epochs)));
            var order = randperm(images.shape[0]);
            for (long start = 0; start < images.shape[0]; start += batch)
            {
                using var scope = NewDisposeScope();
                var chosen = order.narrow(0, start, Math.Min(batch, images.shape[0] - start));
                optimizer.zero_grad();
                var error = loss.call(model.call(images.index_select(0, chosen)), labels.index_select(0, chosen));
                error.backward();
                optimizer.step();
                stepped(chosen.shape[0], start / batch % 16 == 0 ? error.item<float>() : double.NaN);
            }
        }
        model.eval();
    }

    /// <summary>Share of images that a network gets right.</summary>
    public static double Accuracy(Module<Tensor, Tensor> model, Tensor images, Tensor labels)
    {
        using var noGrad = no_grad();
        var right = 0L;
        for (long start = 0; start < images.shape[0]; start += 1000)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(1000, images.shape[0] - start);
            right += model.call(images.narrow(0, start, count)).argmax(1).eq(labels.narrow(0, start, count)).sum().item<long>();
        }
        return (double)right / images.shape[0];
    }
}
