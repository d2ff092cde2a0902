using AnalogTorch.Models.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>Tiny Darknet: sixteen convolutions, 3×3 and 1×1 in turn, batch normalisation and leaky ReLU; a million weights.</summary>
/// <remarks>
/// J. Redmon, "Tiny Darknet", https://pjreddie.com/darknet/tiny-darknet/ (2016). Classes are in darknet's own order. The last convolution has a bias
/// and no activation, and its mean over the image is the score. 16×16 pixels or more.
/// </remarks>
public sealed class TinyDarknet : ImageNetwork, IArchitectures
{
    private const int SmallestSide = 16;

    /// <summary>Kernel and outputs of every convolution but the last, and whether 2×2 pooling follows.</summary>
    private static readonly (int Kernel, int Outputs, bool Pool)[] Layers =
    [
        (3, 16, true), (3, 32, true), (1, 16, false), (3, 128, false), (1, 16, false), (3, 128, true), (1, 32, false), (3, 256, false),
        (1, 32, false), (3, 256, true), (1, 64, false), (3, 512, false), (1, 64, false), (3, 512, false), (1, 128, false),
    ];

    private readonly List<(Conv2d Convolution, BatchNorm2d Norm, bool Pool)> layers = [];
    private readonly Module<Tensor, Tensor> last;
    private readonly LeakyReLU activation = LeakyReLU(0.1);
    private readonly MaxPool2d pool = MaxPool2d(2, stride: 2);

    /// <summary>The network with start values of a seed: Kaiming normal by inputs, no bias, as darknet does it.</summary>
    public TinyDarknet(int classes = 1000, long seed = 0) : base(nameof(TinyDarknet), classes, SmallestSide, Layers[^1].Outputs)
    {
        var inputs = 3;
        foreach (var (index, (kernel, outputs, pooled)) in Layers.Index())
        {
            var convolution = Conv2d(inputs, outputs, kernel, padding: kernel / 2, bias: false);
            var norm = BatchNorm2d(outputs, eps: 1e-3);
            register_module($"conv{index + 1}", convolution);
            register_module($"bn{index + 1}", norm);
            layers.Add((convolution, norm, pooled));
            inputs = outputs;
        }
        last = LastLayer(classes, () => Conv2d(inputs, classes, 1));
        register_module($"conv{Layers.Length + 1}", last);
        register_module(nameof(activation), activation);
        register_module(nameof(pool), pool);
        StartValues.Draw(this, seed, parameter =>
            !parameter.IsConvolution ? null : parameter.IsBias ? Start.Constant(0) : StartValues.KaimingNormal(parameter.FanIn));
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        new()
        {
            Name = "tiny_darknet",
            Source = "J. Redmon, Tiny Darknet, https://pjreddie.com/darknet/tiny-darknet/ (2016)",
            Outputs = 1000,
            Elements = 1_046_488,
            Inputs = [new ImageInput(224, SmallestSide, Preprocessing.UnitRange)],
            Build = (classes, seed) => new TinyDarknet(classes, seed),
        },
    ];

    /// <inheritdoc/>
    protected override Tensor Maps(Tensor images)
    {
        var x = images;
        foreach (var (convolution, norm, pooled) in layers)
        {
            x = activation.call(norm.call(convolution.call(x)));
            if (pooled)
                x = pool.call(x);
        }
        return x;
    }

    /// <inheritdoc/>
    protected override Tensor Scores(Tensor maps) => last.call(maps).mean([2, 3]);
}
