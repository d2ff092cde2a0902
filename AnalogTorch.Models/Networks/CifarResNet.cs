using AnalogTorch.Models.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>The ResNets for 32×32 images: three stages of 16, 32 and 64 channels, shortcuts without weights (option A).</summary>
/// <remarks>
/// K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016, arXiv:1512.03385, section 4.2. Where a stage
/// begins, the shortcut takes every second pixel and adds channels of zeros on both sides. Names as in Y. Idelbayev's implementation
/// for PyTorch, <c>akamaster/pytorch_resnet_cifar10</c>.
/// </remarks>
public sealed class CifarResNet : ImageNetwork, IArchitectures
{
    private const int SmallestSide = 1, Width = 64;

    private readonly Conv2d conv1 = Conv2d(3, 16, 3, padding: 1, bias: false);
    private readonly BatchNorm2d bn1 = BatchNorm2d(16);
    private readonly ReLU relu = ReLU();
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly Module<Tensor, Tensor> linear;

    /// <summary>The network with start values of a seed: Kaiming normal by inputs, also in the linear layer.</summary>
    /// <param name="depth">Number of layers with weights: 8, 20, 32, 44, … = 6n + 2.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <exception cref="ArgumentOutOfRangeException">The depth is not one of these.</exception>
    public CifarResNet(int depth, int classes = 10, long seed = 0) : base(nameof(CifarResNet), classes, SmallestSide, Width)
    {
        if (depth < 8 || depth % 6 != 2)
            throw new ArgumentOutOfRangeException(nameof(depth), $"CifarResNet's depth must be 6n + 2, such as 20, 32 or 44, but is {depth}.");
        var blocks = (depth - 2) / 6;
        layer1 = Stage(blocks, 16, 16);
        layer2 = Stage(blocks, 16, 32);
        layer3 = Stage(blocks, 32, Width);
        linear = LastLayer(classes, () => Linear(Width, classes));
        RegisterComponents();
        StartValues.Draw(this, seed, parameter =>
            (parameter.IsConvolution || parameter.IsLinear) && !parameter.IsBias ? StartValues.KaimingNormal(parameter.FanIn) : null);
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures => [Of("resnet8_cifar", 75_770, 8), Of("resnet20_cifar", 271_098, 20), Of("resnet32_cifar", 466_426, 32)];

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images) => layer3.call(layer2.call(layer1.call(relu.call(bn1.call(conv1.call(images))))));

    /// <inheritdoc/>
    protected override Tensor Scores(Tensor maps) => linear.call(maps.mean([2, 3]));

    private static Sequential Stage(int blocks, int inputs, int outputs) =>
        Sequential(Enumerable.Range(0, blocks).Select(i => (Module<Tensor, Tensor>)new Block(i == 0 ? inputs : outputs, outputs)).ToArray());

    private static Architecture Of(string name, long elements, int depth) => new()
    {
        Name = name,
        Source = "K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, CVPR 2016, arXiv:1512.03385, section 4.2",
        Outputs = 10,
        Elements = elements,
        Inputs = [new ImageInput(32, SmallestSide, Preprocessing.Cifar)],
        Build = (classes, seed) => new CifarResNet(depth, classes, seed),
    };

    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv1;
        private readonly BatchNorm2d bn1;
        private readonly ReLU relu = ReLU();
        private readonly Conv2d conv2;
        private readonly BatchNorm2d bn2;
        private readonly int addedChannels;

        public Block(int inputs, int outputs) : base(nameof(Block))
        {
            addedChannels = outputs - inputs;
            conv1 = Conv2d(inputs, outputs, 3, stride: addedChannels == 0 ? 1 : 2, padding: 1, bias: false);
            bn1 = BatchNorm2d(outputs);
            conv2 = Conv2d(outputs, outputs, 3, padding: 1, bias: false);
            bn2 = BatchNorm2d(outputs);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var y = bn2.call(conv2.call(relu.call(bn1.call(conv1.call(x)))));
            return relu.call(y.add(Shortcut(x))).MoveToOuterDisposeScope();
        }

        private Tensor Shortcut(Tensor x)
        {
            if (addedChannels == 0)
                return x;
            var everySecond = x[TensorIndex.Ellipsis, TensorIndex.Slice(step: 2), TensorIndex.Slice(step: 2)];
            return functional.pad(everySecond, [0, 0, 0, 0, addedChannels / 2, addedChannels - addedChannels / 2]);
        }
    }
}
