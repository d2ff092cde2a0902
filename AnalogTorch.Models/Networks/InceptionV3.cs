using AnalogTorch.Models.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>Inception v3 as torchvision has it: branches of convolutions side by side, 2,048 features, 23.8 million weights.</summary>
/// <remarks>
/// With the auxiliary classifier there are 27.2 million weights.
/// C. Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016, arXiv:1512.00567. 75×75 pixels or more. The network takes pixels
/// from −1 to 1; torchvision's pretrained one takes ImageNet's normalisation and turns it into this first.
/// </remarks>
public sealed class InceptionV3 : ImageNetwork, IArchitectures
{
    private const int SmallestSide = 75, Width = 2048;

    private readonly NormalizedConvolution Conv2d_1a_3x3 = new(3, 32, 3, 3, stride: 2, padded: false);
    private readonly NormalizedConvolution Conv2d_2a_3x3 = new(32, 32, 3, 3, padded: false);
    private readonly NormalizedConvolution Conv2d_2b_3x3 = new(32, 64, 3, 3);
    private readonly MaxPool2d maxpool1 = MaxPool2d(3, stride: 2);
    private readonly NormalizedConvolution Conv2d_3b_1x1 = new(64, 80);
    private readonly NormalizedConvolution Conv2d_4a_3x3 = new(80, 192, 3, 3, padded: false);
    private readonly MaxPool2d maxpool2 = MaxPool2d(3, stride: 2);
    private readonly Mixed Mixed_5b = FiveByFive(192, 32);
    private readonly Mixed Mixed_5c = FiveByFive(256, 64);
    private readonly Mixed Mixed_5d = FiveByFive(288, 64);
    private readonly Mixed Mixed_6a = FirstReduction();
    private readonly Mixed Mixed_6b = SevenBySeven(128);
    private readonly Mixed Mixed_6c = SevenBySeven(160);
    private readonly Mixed Mixed_6d = SevenBySeven(160);
    private readonly Mixed Mixed_6e = SevenBySeven(192);
    private readonly Auxiliary? AuxLogits;
    private readonly Mixed Mixed_7a = SecondReduction();
    private readonly Mixed Mixed_7b = Forked(1280);
    private readonly Mixed Mixed_7c = Forked(2048);
    private readonly AdaptiveAvgPool2d avgpool = AdaptiveAvgPool2d(1);
    private readonly Dropout dropout;
    private readonly Module<Tensor, Tensor> fc;

    /// <summary>The network with start values of a seed: normal with deviation 0.1, 0.001 in the auxiliary classifier's linear layer.</summary>
    /// <param name="classes">Number of classes.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <param name="auxiliary">Whether there is the second classifier that helps in training, <c>AuxLogits</c>.</param>
    /// <param name="dropout">Share of the features set to zero in training.</param>
    public InceptionV3(int classes = 1000, long seed = 0, bool auxiliary = false, double dropout = 0.5) : base(nameof(InceptionV3), classes, SmallestSide, Width)
    {
        if (auxiliary && classes == 0)
            throw new ArgumentException("InceptionV3 needs classes for its auxiliary classifier, but got 0: build it with auxiliary: false.", nameof(auxiliary));
        AuxLogits = auxiliary ? new(classes) : null;
        this.dropout = Dropout(dropout);
        fc = LastLayer(classes, () => Linear(Width, classes));
        RegisterComponents();
        StartValues.Draw(this, seed, parameter =>
            parameter.Name == "AuxLogits.fc.weight" ? Start.Normal(0.001)
            : parameter is { IsBias: false, IsConvolution: true } or { IsBias: false, IsLinear: true } ? Start.Normal(0.1)
            : null);
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        new()
        {
            Name = "inception_v3",
            Source = "C. Szegedy et al., Rethinking the Inception architecture for computer vision, CVPR 2016, arXiv:1512.00567",
            Outputs = 1000,
            Elements = 23_869_000,
            Inputs = [new ImageInput(299, SmallestSide, Preprocessing.Inception)],
            Build = (classes, seed) => new InceptionV3(classes, seed),
        },
    ];

    /// <summary>The scores and those of the auxiliary classifier, [batch, classes] each; the paper adds 0.3 times the loss of the second.</summary>
    /// <exception cref="ArgumentException">The images are of another shape or have less than 299×299 pixels, which the second classifier needs.</exception>
    /// <exception cref="InvalidOperationException">The network was built without auxiliary classifier.</exception>
    public (Tensor Scores, Tensor Auxiliary) WithAuxiliary(Tensor images)
    {
        Check(images, 299);
        if (AuxLogits is null)
            throw new InvalidOperationException("InceptionV3 was built without auxiliary classifier: build it with auxiliary: true.");
        using var scope = NewDisposeScope();
        var middle = Middle(images);
        return (Scores(Last(middle)).MoveToOuterDisposeScope(), AuxLogits.call(middle).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images) => Last(Middle(images));

    /// <inheritdoc/>
    protected override Tensor Scores(Tensor maps) => fc.call(dropout.call(avgpool.call(maps).flatten(1)));

    private Tensor Middle(Tensor images)
    {
        var x = maxpool1.call(Conv2d_2b_3x3.call(Conv2d_2a_3x3.call(Conv2d_1a_3x3.call(images))));
        x = maxpool2.call(Conv2d_4a_3x3.call(Conv2d_3b_1x1.call(x)));
        x = Mixed_5d.call(Mixed_5c.call(Mixed_5b.call(x)));
        return Mixed_6e.call(Mixed_6d.call(Mixed_6c.call(Mixed_6b.call(Mixed_6a.call(x)))));
    }

    private Tensor Last(Tensor middle) => Mixed_7c.call(Mixed_7b.call(Mixed_7a.call(middle)));

    private static Mixed FiveByFive(int inputs, int pooled) => new(
        new Branch().Then("branch1x1", new(inputs, 64)),
        new Branch().Then("branch5x5_1", new(inputs, 48)).Then("branch5x5_2", new(48, 64, 5, 5)),
        new Branch().Then("branch3x3dbl_1", new(inputs, 64)).Then("branch3x3dbl_2", new(64, 96, 3, 3)).Then("branch3x3dbl_3", new(96, 96, 3, 3)),
        new Branch(Pooling.Average).Then("branch_pool", new(inputs, pooled)));

    private static Mixed FirstReduction() => new(
        new Branch().Then("branch3x3", new(288, 384, 3, 3, stride: 2, padded: false)),
        new Branch().Then("branch3x3dbl_1", new(288, 64)).Then("branch3x3dbl_2", new(64, 96, 3, 3))
            .Then("branch3x3dbl_3", new(96, 96, 3, 3, stride: 2, padded: false)),
        new Branch(Pooling.HalvingMaximum));

    private static Mixed SevenBySeven(int width) => new(
        new Branch().Then("branch1x1", new(768, 192)),
        new Branch().Then("branch7x7_1", new(768, width)).Then("branch7x7_2", new(width, width, 1, 7)).Then("branch7x7_3", new(width, 192, 7, 1)),
        new Branch().Then("branch7x7dbl_1", new(768, width))
            .Then("branch7x7dbl_2", new(width, width, 7, 1)).Then("branch7x7dbl_3", new(width, width, 1, 7))
            .Then("branch7x7dbl_4", new(width, width, 7, 1)).Then("branch7x7dbl_5", new(width, 192, 1, 7)),
        new Branch(Pooling.Average).Then("branch_pool", new(768, 192)));

    private static Mixed SecondReduction() => new(
        new Branch().Then("branch3x3_1", new(768, 192)).Then("branch3x3_2", new(192, 320, 3, 3, stride: 2, padded: false)),
        new Branch().Then("branch7x7x3_1", new(768, 192)).Then("branch7x7x3_2", new(192, 192, 1, 7))
            .Then("branch7x7x3_3", new(192, 192, 7, 1)).Then("branch7x7x3_4", new(192, 192, 3, 3, stride: 2, padded: false)),
        new Branch(Pooling.HalvingMaximum));

    private static Mixed Forked(int inputs) => new(
        new Branch().Then("branch1x1", new(inputs, 320)),
        new Branch().Then("branch3x3_1", new(inputs, 384)).Fork(("branch3x3_2a", new(384, 384, 1, 3)), ("branch3x3_2b", new(384, 384, 3, 1))),
        new Branch().Then("branch3x3dbl_1", new(inputs, 448)).Then("branch3x3dbl_2", new(448, 384, 3, 3))
            .Fork(("branch3x3dbl_3a", new(384, 384, 1, 3)), ("branch3x3dbl_3b", new(384, 384, 3, 1))),
        new Branch(Pooling.Average).Then("branch_pool", new(inputs, 192)));

    private enum Pooling { None, Average, HalvingMaximum }

    /// <summary>Pooling, then convolutions one after the other, then perhaps two of them side by side.</summary>
    private sealed class Branch(Pooling pooling = Pooling.None)
    {
        private readonly List<(string Name, NormalizedConvolution Layer)> chain = [];
        private (string Name, NormalizedConvolution Layer)[] fork = [];

        public IEnumerable<(string Name, NormalizedConvolution Layer)> Layers => [.. chain, .. fork];

        public Branch Then(string name, NormalizedConvolution layer)
        {
            chain.Add((name, layer));
            return this;
        }

        public Branch Fork(params (string Name, NormalizedConvolution Layer)[] ends)
        {
            fork = ends;
            return this;
        }

        public IEnumerable<Tensor> Run(Tensor x)
        {
            x = pooling switch
            {
                Pooling.Average => functional.avg_pool2d(x, 3, stride: 1, padding: 1),
                Pooling.HalvingMaximum => functional.max_pool2d(x, 3, stride: 2),
                _ => x,
            };
            foreach (var (_, layer) in chain)
                x = layer.call(x);
            return fork.Length == 0 ? [x] : [.. fork.Select(end => end.Layer.call(x))];
        }
    }

    /// <summary>Branches side by side on the same input, their channels one after the other.</summary>
    private sealed class Mixed : Module<Tensor, Tensor>
    {
        private readonly Branch[] branches;

        public Mixed(params Branch[] branches) : base(nameof(Mixed))
        {
            this.branches = branches;
            foreach (var (name, layer) in branches.SelectMany(branch => branch.Layers))
                register_module(name, layer);
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return cat([.. branches.SelectMany(branch => branch.Run(x))], 1).MoveToOuterDisposeScope();
        }
    }

    /// <summary>Convolution without bias, batch normalisation, ReLU.</summary>
    private sealed class NormalizedConvolution : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv;
        private readonly BatchNorm2d bn;

        public NormalizedConvolution(int inputs, int outputs, int height = 1, int width = 1, int stride = 1, bool padded = true)
            : base(nameof(NormalizedConvolution))
        {
            conv = Conv2d(inputs, outputs, (height, width), stride: (stride, stride), padding: padded ? (height / 2, width / 2) : (0, 0), bias: false);
            bn = BatchNorm2d(outputs, eps: 1e-3);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return functional.relu(bn.call(conv.call(x))).MoveToOuterDisposeScope();
        }
    }

    private sealed class Auxiliary : Module<Tensor, Tensor>
    {
        private readonly NormalizedConvolution conv0 = new(768, 128);
        private readonly NormalizedConvolution conv1 = new(128, 768, 5, 5, padded: false);
        private readonly Linear fc;

        public Auxiliary(int classes) : base(nameof(Auxiliary))
        {
            fc = Linear(768, classes);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var features = conv1.call(conv0.call(functional.avg_pool2d(x, 5, stride: 3))).mean([2, 3]);
            return fc.call(features).MoveToOuterDisposeScope();
        }
    }
}
