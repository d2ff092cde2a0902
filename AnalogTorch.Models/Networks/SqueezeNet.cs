using AnalogTorch.Models.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>SqueezeNet 1.0 and 1.1 as torchvision has them: 1.2 million weights, all of them in convolutions; poolings round up.</summary>
/// <remarks>F. Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and &lt;0.5MB model size", arXiv:1602.07360 (2016).</remarks>
public sealed class SqueezeNet : ImageNetwork, IArchitectures
{
    private const int Width = 512;

    private readonly Sequential features;
    private readonly Sequential classifier;

    private SqueezeNet(string name, int smallestSide, Sequential features, int classes, long seed, double dropout) : base(name, classes, smallestSide, Width)
    {
        this.features = features;
        classifier = Sequential(Dropout(dropout), LastLayer(classes, () => Conv2d(Width, classes, 1)), ReLU(), AdaptiveAvgPool2d(1));
        RegisterComponents();
        StartValues.Draw(this, seed, parameter =>
            parameter.IsBias ? Start.Constant(0)
            : parameter.Name == "classifier.1.weight" ? Start.Normal(0.01)
            : Start.Uniform(Math.Sqrt(6.0 / parameter.FanIn)));
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        Of("squeezenet1_0", 1_248_424, 21, (classes, seed) => SqueezeNet1_0(classes, seed)),
        Of("squeezenet1_1", 1_235_496, 17, (classes, seed) => SqueezeNet1_1(classes, seed)),
    ];

    /// <summary>SqueezeNet 1.0, 21×21 pixels or more; weights start Kaiming uniform by inputs, those of the last layer normal with deviation 0.01.</summary>
    public static SqueezeNet SqueezeNet1_0(int classes = 1000, long seed = 0, double dropout = 0.5) => new(
        "squeezenet1_0",
        21,
        Sequential(
            Conv2d(3, 96, 7, stride: 2), ReLU(), Pool(),
            new Fire(96, 16, 64), new Fire(128, 16, 64), new Fire(128, 32, 128), Pool(),
            new Fire(256, 32, 128), new Fire(256, 48, 192), new Fire(384, 48, 192), new Fire(384, 64, 256), Pool(),
            new Fire(512, 64, 256)),
        classes,
        seed,
        dropout);

    /// <summary>SqueezeNet 1.1, 17×17 pixels or more, 2.4 times fewer operations than 1.0, with start values like it.</summary>
    public static SqueezeNet SqueezeNet1_1(int classes = 1000, long seed = 0, double dropout = 0.5) => new(
        "squeezenet1_1",
        17,
        Sequential(
            Conv2d(3, 64, 3, stride: 2), ReLU(), Pool(),
            new Fire(64, 16, 64), new Fire(128, 16, 64), Pool(),
            new Fire(128, 32, 128), new Fire(256, 32, 128), Pool(),
            new Fire(256, 48, 192), new Fire(384, 48, 192), new Fire(384, 64, 256), new Fire(512, 64, 256)),
        classes,
        seed,
        dropout);

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images) => features.call(images);

    /// <inheritdoc/>
    protected override Tensor Scores(Tensor maps) => classifier.call(maps).flatten(1);

    private static MaxPool2d Pool() => MaxPool2d(3, stride: 2, ceil_mode: true);

    private static Architecture Of(string name, long elements, int smallestSide, Func<int, long, SqueezeNet> build) => new()
    {
        Name = name,
        Source = "F. Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size, arXiv:1602.07360 (2016)",
        Outputs = 1000,
        Elements = elements,
        Inputs = [new ImageInput(224, smallestSide, Preprocessing.ImageNet)],
        Build = build,
    };

    /// <summary>A 1×1 convolution to few channels, then 1×1 and 3×3 convolutions side by side.</summary>
    private sealed class Fire : Module<Tensor, Tensor>
    {
        private readonly Conv2d squeeze;
        private readonly ReLU squeeze_activation = ReLU();
        private readonly Conv2d expand1x1;
        private readonly ReLU expand1x1_activation = ReLU();
        private readonly Conv2d expand3x3;
        private readonly ReLU expand3x3_activation = ReLU();

        public Fire(int inputs, int squeezed, int expanded) : base(nameof(Fire))
        {
            squeeze = Conv2d(inputs, squeezed, 1);
            expand1x1 = Conv2d(squeezed, expanded, 1);
            expand3x3 = Conv2d(squeezed, expanded, 3, padding: 1);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var squeezed = squeeze_activation.call(squeeze.call(x));
            var narrow = expand1x1_activation.call(expand1x1.call(squeezed));
            var wide = expand3x3_activation.call(expand3x3.call(squeezed));
            return cat([narrow, wide], 1).MoveToOuterDisposeScope();
        }
    }
}
