using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Habits;

/// <summary>A kind of layer, as the law of habits runs it: fresh copies with the same weights, and inputs.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Create">Makes one, with torch's start values.</param>
/// <param name="Shape">Shape of its input.</param>
/// <param name="Run">Runs it on an input, as <c>call</c>.</param>
/// <param name="RunForward">The same by <c>forward</c>.</param>
/// <param name="RunPacked">Runs it on a packed sequence; null where there is no such thing.</param>
public sealed record HabitKind(
    string Name, Func<nn.Module> Create, long[] Shape, Func<nn.Module, Tensor, Tensor> Run, Func<nn.Module, Tensor, Tensor> RunForward,
    Func<nn.Module, nn.utils.rnn.PackedSequence, Tensor[]>? RunPacked = null)
{
    /// <summary>Which dimension of the input is that of the samples.</summary>
    public int SampleDimension => Name is "LSTM" or "LSTM, two layers both ways" or "GRU" or "RNN" || Name.Contains("ttention", StringComparison.Ordinal) || Name.StartsWith("Transformer", StringComparison.Ordinal) ? 1 : 0;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<HabitKind> All { get; } =
    [
        Plain("Linear", () => Linear(5, 4), 3, 5),
        Plain("Linear of a sequence", () => Linear(5, 4), 2, 3, 5),
        Plain("Linear without bias", () => Linear(5, 4, hasBias: false), 3, 5),
        Plain("Conv1d", () => Conv1d(3, 4, 3, padding: 1), 2, 3, 7),
        Plain("Conv2d", () => Conv2d(3, 4, 3, stride: 2), 2, 3, 7, 6),
        Plain("Conv2d in groups", () => Conv2d(4, 6, 3, padding: 1, groups: 2), 2, 4, 5, 5),
        Plain("Conv3d", () => Conv3d(2, 3, 2), 2, 2, 4, 3, 4),
        Plain("ConvTranspose1d", () => ConvTranspose1d(3, 4, 3, stride: 2, padding: 1, output_padding: 1), 1, 3, 4),
        Plain("ConvTranspose2d", () => ConvTranspose2d(3, 4, 3, stride: 2, padding: 1), 1, 3, 2, 2),
        Plain("ConvTranspose2d in groups", () => ConvTranspose2d(4, 6, 2, groups: 2, dilation: 2, bias: false), 2, 4, 2, 2),
        Plain("ConvTranspose3d", () => ConvTranspose3d(2, 3, 2), 1, 2, 1, 2, 1),
        new("Bilinear", () => Bilinear(5, 3, 4), [3, 5], (layer, x) => ((Bilinear)layer).call(x, Second(x)), (layer, x) => ((Bilinear)layer).forward(x, Second(x))),
        Plain("a network", () => Sequential(Linear(5, 6), Tanh(), Linear(6, 3)), 4, 5),
        new("LSTM", () => LSTM(5, 4), [6, 3, 5], (layer, x) => ((LSTM)layer).call(x).Item1, (layer, x) => ((LSTM)layer).forward(x).Item1,
            (layer, x) => Of(((LSTM)layer).call(x))),
        new("LSTM, two layers both ways", () => LSTM(5, 4, numLayers: 2, bidirectional: true), [6, 3, 5],
            (layer, x) => ((LSTM)layer).call(x).Item1, (layer, x) => ((LSTM)layer).forward(x).Item1, (layer, x) => Of(((LSTM)layer).call(x))),
        new("GRU", () => GRU(5, 4, bidirectional: true), [6, 3, 5], (layer, x) => ((GRU)layer).call(x).Item1, (layer, x) => ((GRU)layer).forward(x).Item1,
            (layer, x) => Of(((GRU)layer).call(x))),
        new("RNN", () => RNN(5, 4), [6, 3, 5], (layer, x) => ((RNN)layer).call(x).Item1, (layer, x) => ((RNN)layer).forward(x, zeros(1, 3, 4)).Item1,
            (layer, x) => Of(((RNN)layer).call(x))),
        new("LSTMCell", () => LSTMCell(5, 4), [3, 5], (layer, x) => ((LSTMCell)layer).call(x).Item1, (layer, x) => ((LSTMCell)layer).forward(x, (zeros(3, 4), zeros(3, 4))).Item1),
        new("GRUCell", () => GRUCell(5, 4), [3, 5], (layer, x) => ((GRUCell)layer).call(x, null!), (layer, x) => ((GRUCell)layer).forward(x, zeros(3, 4))),
        new("RNNCell", () => RNNCell(5, 4), [3, 5], (layer, x) => ((RNNCell)layer).call(x, null!), (layer, x) => ((RNNCell)layer).forward(x, zeros(3, 4))),
        new("MultiheadAttention", () => MultiheadAttention(4, 2), [3, 2, 4], (layer, x) => ((MultiheadAttention)layer).call(x, x, x).Item1,
            (layer, x) => ((MultiheadAttention)layer).forward(x, x, x, null, true, null).Item1),
        new("attention across widths", () => MultiheadAttention(4, 2, kdim: 3, vdim: 3, add_bias_kv: true), [3, 2, 4],
            (layer, x) => Sum(((MultiheadAttention)layer).call(x, Key(x), Value(x))), (layer, x) => Sum(((MultiheadAttention)layer).forward(x, Key(x), Value(x), null, true, null))),
        new("TransformerEncoderLayer", () => TransformerEncoderLayer(4, 2, 6, dropout: 0), [3, 2, 4], (layer, x) => ((TransformerEncoderLayer)layer).call(x, Causal(x), null!),
            (layer, x) => ((TransformerEncoderLayer)layer).forward(x)),
        new("TransformerDecoder", () => TransformerDecoder(TransformerDecoderLayer(4, 2, 6, dropout: 0, Activations.GELU), 2), [3, 2, 4],
            (layer, x) => ((TransformerDecoder)layer).call(x, x.cos(), Causal(x)), (layer, x) => ((TransformerDecoder)layer).forward(x, x.cos(), null!, null!, null!, null!)),
    ];

    /// <summary>An input.</summary>
    public Tensor Input(int seed) => Noise.Uniform(Rng.FromSeed(seed).Split("input"), Shape).mul_(2f).sub_(1f);

    /// <summary>A layer whose weights are a function of their names alone.</summary>
    public nn.Module Fresh()
    {
        var layer = Create();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in layer.named_parameters())
            parameter.copy_(Noise.Uniform(Rng.FromSeed(3).Split(name), parameter.shape).sub_(0.5f));
        return layer;
    }

    private static HabitKind Plain(string name, Func<Module<Tensor, Tensor>> create, params long[] shape) =>
        new(name, create, shape, (layer, x) => ((Module<Tensor, Tensor>)layer).call(x), (layer, x) => ((Module<Tensor, Tensor>)layer).forward(x));

    private static Tensor[] Of((nn.utils.rnn.PackedSequence Y, Tensor Hidden, Tensor Cell) result) => [result.Y.data, result.Hidden, result.Cell];

    private static Tensor Key(Tensor x) => cat([x, x.neg()]).narrow(-1, 0, 3).sin();

    private static Tensor Value(Tensor x) => cat([x.cos(), x]).narrow(-1, 1, 3);

    private static Tensor Sum(Tuple<Tensor, Tensor> result) => result.Item1 + result.Item2.transpose(0, 1).narrow(-1, 0, 1);

    private static Tensor Causal(Tensor x) => zeros(x.shape[0], x.shape[0], x.dtype).masked_fill(ones(x.shape[0], x.shape[0]).triu(1).to_type(ScalarType.Bool), double.NegativeInfinity);

    private static Tensor Second(Tensor x) => x.narrow(-1, 1, 3).cos();

    private static Tensor[] Of((nn.utils.rnn.PackedSequence Y, Tensor Hidden) result) => [result.Y.data, result.Hidden];
}
