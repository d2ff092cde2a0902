using AnalogTorch.Models.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>ResNet-18, 34 and 50 as torchvision has them (the stride of a bottleneck is in its 3×3 convolution).</summary>
/// <remarks>K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016, arXiv:1512.03385.</remarks>
public sealed class ResNet : ImageNetwork, IArchitectures
{
    private const int SmallestSide = 1;

    private readonly Conv2d conv1 = Conv2d(3, 64, 7, stride: 2, padding: 3, bias: false);
    private readonly BatchNorm2d bn1 = BatchNorm2d(64);
    private readonly ReLU relu = ReLU();
    private readonly MaxPool2d maxpool = MaxPool2d(3, stride: 2, padding: 1);
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly Sequential layer4;
    private readonly AdaptiveAvgPool2d avgpool = AdaptiveAvgPool2d(1);
    private readonly Module<Tensor, Tensor> fc;

    private ResNet(string name, int[] blocks, bool bottleneck, int classes, long seed) : base(name, classes, SmallestSide, bottleneck ? 2048 : 512)
    {
        var inputs = 64;
        Sequential Stage(int count, int width, int stride)
        {
            var stage = new List<Module<Tensor, Tensor>>();
            for (var i = 0; i < count; i++)
            {
                var block = new ResidualBlock(inputs, width, i == 0 ? stride : 1, bottleneck);
                stage.Add(block);
                inputs = block.Outputs;
            }
            return Sequential(stage.ToArray());
        }
        layer1 = Stage(blocks[0], 64, 1);
        layer2 = Stage(blocks[1], 128, 2);
        layer3 = Stage(blocks[2], 256, 2);
        layer4 = Stage(blocks[3], 512, 2);
        fc = LastLayer(classes, () => Linear(FeatureWidth, classes));
        RegisterComponents();
        StartValues.Draw(this, seed, parameter => parameter.IsConvolution ? StartValues.KaimingNormal(parameter.FanOut) : null);
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures => [Of("resnet18", 11_699_112, ResNet18), Of("resnet34", 21_814_696, ResNet34), Of("resnet50", 25_610_152, ResNet50)];

    /// <summary>ResNet-18, 11.7 million weights; convolutions start Kaiming normal by outputs, the linear layer as PyTorch does it.</summary>
    public static ResNet ResNet18(int classes = 1000, long seed = 0) => new("resnet18", [2, 2, 2, 2], bottleneck: false, classes, seed);

    /// <summary>ResNet-34, 21.8 million weights, with start values like those of <see cref="ResNet18"/>.</summary>
    public static ResNet ResNet34(int classes = 1000, long seed = 0) => new("resnet34", [3, 4, 6, 3], bottleneck: false, classes, seed);

    /// <summary>ResNet-50, 25.6 million weights, with start values like those of <see cref="ResNet18"/>.</summary>
    public static ResNet ResNet50(int classes = 1000, long seed = 0) => new("resnet50", [3, 4, 6, 3], bottleneck: true, classes, seed);

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images) =>
        layer4.call(layer3.call(layer2.call(layer1.call(maxpool.call(relu.call(bn1.call(conv1.call(images))))))));

    /// <inheritdoc/>
    protected override Tensor Scores(Tensor maps) => fc.call(avgpool.call(maps).flatten(1));

    private static Architecture Of(string name, long elements, Func<int, long, ResNet> build) => new()
    {
        Name = name,
        Source = "K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, CVPR 2016, arXiv:1512.03385",
        Outputs = 1000,
        Elements = elements,
        Inputs = [new ImageInput(224, SmallestSide, Preprocessing.ImageNet)],
        Build = build,
    };

    /// <summary>Two 3×3 convolutions, or 1×1, 3×3, 1×1 with four times as many outputs, and the input added to what they give.</summary>
    private sealed class ResidualBlock : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv1;
        private readonly BatchNorm2d bn1;
        private readonly Conv2d conv2;
        private readonly BatchNorm2d bn2;
        private readonly Conv2d? conv3;
        private readonly BatchNorm2d? bn3;
        private readonly ReLU relu = ReLU();
        private readonly Sequential? downsample;

        public ResidualBlock(int inputs, int width, int stride, bool bottleneck) : base(nameof(ResidualBlock))
        {
            Outputs = bottleneck ? 4 * width : width;
            conv1 = bottleneck ? Conv2d(inputs, width, 1, bias: false) : Conv2d(inputs, width, 3, stride: stride, padding: 1, bias: false);
            bn1 = BatchNorm2d(width);
            conv2 = Conv2d(width, width, 3, stride: bottleneck ? stride : 1, padding: 1, bias: false);
            bn2 = BatchNorm2d(width);
            if (bottleneck)
            {
                conv3 = Conv2d(width, Outputs, 1, bias: false);
                bn3 = BatchNorm2d(Outputs);
            }
            if (stride != 1 || inputs != Outputs)
                downsample = Sequential(Conv2d(inputs, Outputs, 1, stride: stride, bias: false), BatchNorm2d(Outputs));
            RegisterComponents();
        }

        public int Outputs { get; }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var y = bn2.call(conv2.call(relu.call(bn1.call(conv1.call(x)))));
            if (conv3 is not null && bn3 is not null)
                y = bn3.call(conv3.call(relu.call(y)));
            return relu.call(y.add(downsample is null ? x : downsample.call(x))).MoveToOuterDisposeScope();
        }
    }
}
