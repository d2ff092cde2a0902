using AnalogTorch.Models.Networks;
using OwnModel;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Algorithms;

/// <summary>The networks that rules are tried on; all take images [batch, 1, 28, 28].</summary>
internal static class AlgorithmNetworks
{
    private const int Pooled = 14 * 14;

    /// <summary>Names and descriptions.</summary>
    public static IReadOnlyList<(string Name, string What)> All { get; } =
    [
        ("mlp", "196-48-10 on images of 14×14, tanh"),
        ("lenet", "two convolutions of 5×5 with 8 and 16 channels, 256-64-10, tanh"),
        ("lstm", "an LSTM of 32 cells that reads 28 rows of pixels, and 32-10"),
    ];

    /// <summary>A network with start values of a seed.</summary>
    public static Module<Tensor, Tensor> Create(string name, long seed)
    {
        random.manual_seed(seed); // torch's own layers draw their start values from it
        return name switch
        {
            "mlp" => Sequential(("pool", AvgPool2d(2)), ("flatten", Flatten()), ("mlp", Mlp.Create([Pooled, 48, 10], seed))),
            "lenet" => new DigitNet(),
            _ => new RowReader(),
        };
    }

    private sealed class RowReader : Module<Tensor, Tensor>
    {
        private readonly LSTM lstm = LSTM(28, 32, batchFirst: true);
        private readonly Linear output = Linear(32, 10);

        public RowReader() : base(nameof(RowReader)) => RegisterComponents();

        public override Tensor forward(Tensor images)
        {
            var (y, _, _) = lstm.call(images.squeeze(1));
            return output.call(y.select(1, -1));
        }
    }
}
