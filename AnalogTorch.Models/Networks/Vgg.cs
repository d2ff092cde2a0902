using AnalogTorch.Models.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>VGG-11, with or without batch normalisation, as torchvision has it: 132.9 million weights.</summary>
/// <remarks>
/// K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", arXiv:1409.1556 (2014), column A.
/// 32×32 pixels or more.
/// </remarks>
public sealed class Vgg : ImageNetwork, IArchitectures
{
    private const int SmallestSide = 32;

    /// <summary>Outputs of the convolutions before each of the five poolings.</summary>
    private static readonly int[][] Stages = [[64], [128], [256, 256], [512, 512], [512, 512]];

    private readonly Sequential features;
    private readonly AdaptiveAvgPool2d avgpool = AdaptiveAvgPool2d(7);
    private readonly Sequential classifier;

    /// <summary>The network with start values of a seed: Kaiming normal by outputs in convolutions, deviation 0.01 in linear layers, no bias.</summary>
    /// <param name="classes">Number of classes.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <param name="batchNorm">Whether each convolution is followed by batch normalisation.</param>
    /// <param name="dropout">Share of values set to zero after the hidden linear layers in training.</param>
    /// <param name="hidden">Width of the two hidden linear layers.</param>
    public Vgg(int classes = 1000, long seed = 0, bool batchNorm = false, double dropout = 0.5, int hidden = 4096) : base(nameof(Vgg), classes, SmallestSide, hidden)
    {
        features = Sequential(Features(batchNorm).ToArray());
        classifier = Sequential(
            Linear(512 * 7 * 7, hidden), ReLU(), Dropout(dropout),
            Linear(hidden, hidden), ReLU(), Dropout(dropout),
            LastLayer(classes, () => Linear(hidden, classes)));
        RegisterComponents();
        StartValues.Draw(this, seed, parameter =>
            parameter is { IsBias: true } ? Start.Constant(0)
            : parameter.IsConvolution ? StartValues.KaimingNormal(parameter.FanOut)
            : parameter.IsLinear ? Start.Normal(0.01)
            : null);
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures => [Of("vgg11", 132_863_336, batchNorm: false), Of("vgg11_bn", 132_874_344, batchNorm: true)];

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images) => features.call(images);

    /// <inheritdoc/>
    protected override Tensor Scores(Tensor maps) => classifier.call(avgpool.call(maps).flatten(1));

    private static IEnumerable<Module<Tensor, Tensor>> Features(bool batchNorm)
    {
        var inputs = 3;
        foreach (var stage in Stages)
        {
            foreach (var outputs in stage)
            {
                yield return Conv2d(inputs, outputs, 3, padding: 1);
                if (batchNorm)
                    yield return BatchNorm2d(outputs);
                yield return ReLU();
                inputs = outputs;
            }
            yield return MaxPool2d(2, stride: 2);
        }
    }

    private static Architecture Of(string name, long elements, bool batchNorm) => new()
    {
        Name = name,
        Source = "K. Simonyan, A. Zisserman, Very deep convolutional networks for large-scale image recognition, arXiv:1409.1556 (2014)",
        Outputs = 1000,
        Elements = elements,
        Inputs = [new ImageInput(224, SmallestSide, Preprocessing.ImageNet)],
        Build = (classes, seed) => new Vgg(classes, seed, batchNorm),
    };
}
