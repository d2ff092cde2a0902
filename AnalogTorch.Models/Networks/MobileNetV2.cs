using System.Globalization;
using AnalogTorch.Models.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>MobileNetV2 as torchvision has it: depthwise convolutions between 1×1 ones, 3.5 million weights.</summary>
/// <remarks>
/// M. Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018, arXiv:1801.04381. Weights that were trained in
/// TensorFlow expect its "SAME" padding: convolutions of stride 2 then pad an even number of pixels on the right and below alone.
/// </remarks>
public sealed class MobileNetV2 : ImageNetwork, IArchitectures
{
    private const int SmallestSide = 1, Width = 1280;

    /// <summary>Expansion, outputs, blocks and stride of each stage: Table 2 of the paper.</summary>
    private static readonly (int Expansion, int Outputs, int Blocks, int Stride)[] Stages =
        [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

    private readonly Sequential features;
    private readonly Sequential classifier;

    /// <summary>The network with start values of a seed: Kaiming normal by outputs in convolutions, deviation 0.01 in the linear layer, no bias.</summary>
    /// <param name="classes">Number of classes.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <param name="samePadding">Whether convolutions of stride 2 pad as TensorFlow does, not as PyTorch.</param>
    /// <param name="dropout">Share of the last features that dropout sets to zero.</param>
    public MobileNetV2(int classes = 1000, long seed = 0, bool samePadding = false, double dropout = 0.2) : base(nameof(MobileNetV2), classes, SmallestSide, Width)
    {
        features = Sequential(Features(samePadding).ToArray());
        classifier = Sequential(Dropout(dropout), LastLayer(classes, () => Linear(Width, classes)));
        RegisterComponents();
        StartValues.Draw(this, seed, parameter =>
            parameter.IsBias ? Start.Constant(0)
            : parameter.IsConvolution ? StartValues.KaimingNormal(parameter.FanOut)
            : parameter.IsLinear ? Start.Normal(0.01)
            : null);
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        Of("mobilenet_v2", 3_538_984, samePadding: false, Preprocessing.ImageNet),
        Of("mobilenet_v2_tf", 3_538_984, samePadding: true, Preprocessing.TensorFlow),
    ];

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images) => features.call(images);

    /// <inheritdoc/>
    protected override Tensor Scores(Tensor maps) => classifier.call(maps.mean([2, 3]));

    private static IEnumerable<Module<Tensor, Tensor>> Features(bool samePadding)
    {
        yield return new NormalizedConvolution(3, 32, 3, 2, 1, samePadding);
        var inputs = 32;
        foreach (var (expansion, outputs, blocks, stride) in Stages)
        {
            for (var i = 0; i < blocks; i++)
            {
                yield return new InvertedResidual(inputs, outputs, i == 0 ? stride : 1, expansion, samePadding);
                inputs = outputs;
            }
        }
        yield return new NormalizedConvolution(inputs, Width, 1, 1, 1, samePadding);
    }

    private static Architecture Of(string name, long elements, bool samePadding, Preprocessing preprocessing) => new()
    {
        Name = name,
        Source = "M. Sandler et al., MobileNetV2: inverted residuals and linear bottlenecks, CVPR 2018, arXiv:1801.04381",
        Outputs = 1000,
        Elements = elements,
        Inputs = [new ImageInput(224, SmallestSide, preprocessing)],
        Build = (classes, seed) => new MobileNetV2(classes, seed, samePadding),
    };

    /// <summary>Convolution without bias, batch normalisation, ReLU6; named 0, 1, 2 as in torchvision's files.</summary>
    private sealed class NormalizedConvolution : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor>[] steps;
        private readonly int kernel;
        private readonly int stride;
        private readonly bool padHere;

        public NormalizedConvolution(int inputs, int outputs, int kernel, int stride, int groups, bool samePadding) : base(nameof(NormalizedConvolution))
        {
            (this.kernel, this.stride) = (kernel, stride);
            padHere = samePadding && stride > 1;
            steps =
            [
                Conv2d(inputs, outputs, kernel, stride: stride, padding: padHere ? 0 : (kernel - 1) / 2, groups: groups, bias: false),
                BatchNorm2d(outputs),
                ReLU6(),
            ];
            foreach (var (i, step) in steps.Index())
                register_module(i.ToString(CultureInfo.InvariantCulture), step);
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            if (padHere)
            {
                var (top, bottom) = Padding(x.shape[2]);
                var (left, right) = Padding(x.shape[3]);
                x = functional.pad(x, (left, right, top, bottom));
            }
            foreach (var step in steps)
                x = step.call(x);
            return x.MoveToOuterDisposeScope();
        }

        /// <summary>Pixels before and after, so that there are ⌈size/stride⌉ outputs and the odd pixel comes last.</summary>
        private (long Before, long After) Padding(long size)
        {
            var total = Math.Max(0, ((size + stride - 1) / stride - 1) * stride + kernel - size);
            return (total / 2, total - total / 2);
        }
    }

    /// <summary>1×1 convolution to more channels, 3×3 depthwise, 1×1 to few channels without activation, and the input added if it fits.</summary>
    private sealed class InvertedResidual : Module<Tensor, Tensor>
    {
        private readonly Sequential conv;
        private readonly bool addsInput;

        public InvertedResidual(int inputs, int outputs, int stride, int expansion, bool samePadding) : base(nameof(InvertedResidual))
        {
            var hidden = inputs * expansion;
            var steps = new List<Module<Tensor, Tensor>>();
            if (expansion != 1)
                steps.Add(new NormalizedConvolution(inputs, hidden, 1, 1, 1, samePadding));
            steps.Add(new NormalizedConvolution(hidden, hidden, 3, stride, hidden, samePadding));
            steps.Add(Conv2d(hidden, outputs, 1, bias: false));
            steps.Add(BatchNorm2d(outputs));
            conv = Sequential(steps.ToArray());
            addsInput = stride == 1 && inputs == outputs;
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            if (!addsInput)
                return conv.call(x);
            using var change = conv.call(x);
            return change.add(x);
        }
    }
}
