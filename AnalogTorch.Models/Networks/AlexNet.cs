using AnalogTorch.Models.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>AlexNet as torchvision has it: five convolutions, three linear layers, 61.1 million weights.</summary>
/// <remarks>A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997 (2014). 63×63 pixels or more.</remarks>
public sealed class AlexNet : ImageNetwork, IArchitectures
{
    private const int SmallestSide = 63;

    private readonly Sequential features;
    private readonly AdaptiveAvgPool2d avgpool = AdaptiveAvgPool2d(6);
    private readonly Sequential classifier;

    /// <summary>The network with start values of a seed: uniform in ±1/√inputs, as PyTorch does it.</summary>
    /// <param name="classes">Number of classes.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <param name="dropout">Share of values set to zero before the first two linear layers in training.</param>
    /// <param name="hidden">Width of the two hidden linear layers.</param>
    public AlexNet(int classes = 1000, long seed = 0, double dropout = 0.5, int hidden = 4096) : base(nameof(AlexNet), classes, SmallestSide, hidden)
    {
        features = Sequential(
            Conv2d(3, 64, 11, stride: 4, padding: 2), ReLU(), MaxPool2d(3, stride: 2),
            Conv2d(64, 192, 5, padding: 2), ReLU(), MaxPool2d(3, stride: 2),
            Conv2d(192, 384, 3, padding: 1), ReLU(),
            Conv2d(384, 256, 3, padding: 1), ReLU(),
            Conv2d(256, 256, 3, padding: 1), ReLU(), MaxPool2d(3, stride: 2));
        classifier = Sequential(
            Dropout(dropout), Linear(256 * 6 * 6, hidden), ReLU(),
            Dropout(dropout), Linear(hidden, hidden), ReLU(),
            LastLayer(classes, () => Linear(hidden, classes)));
        RegisterComponents();
        StartValues.Draw(this, seed);
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        new()
        {
            Name = "alexnet",
            Source = "A. Krizhevsky, One weird trick for parallelizing convolutional neural networks, arXiv:1404.5997 (2014)",
            Outputs = 1000,
            Elements = 61_100_840,
            Inputs = [new ImageInput(224, SmallestSide, Preprocessing.ImageNet)],
            Build = (classes, seed) => new AlexNet(classes, seed),
        },
    ];

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images) => features.call(images);

    /// <inheritdoc/>
    protected override Tensor Scores(Tensor maps) => classifier.call(avgpool.call(maps).flatten(1));
}
