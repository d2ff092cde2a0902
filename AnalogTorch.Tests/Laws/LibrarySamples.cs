using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Laws;

/// <summary>Inputs of samples.</summary>
file static class Inputs
{
    public static Tensor Of(params long[] shape) => linspace(-1, 1, shape.Aggregate(1L, (product, size) => product * size)).mul(5).sin().view(shape);
}

public sealed class LinearSample : ILayerSample
{
    public Module Create() => Linear(7, 4);

    public Tensor Call(Module module) => ((Linear)module).call(Inputs.Of(5, 7));
}

public sealed class BilinearSample : ILayerSample
{
    public Module Create() => Bilinear(3, 5, 4);

    public Tensor Call(Module module) => ((Bilinear)module).call(Inputs.Of(6, 3), Inputs.Of(6, 5).cos());
}

public sealed class EmbeddingSample : ILayerSample
{
    public Module Create() => Embedding(6, 4);

    public Tensor Call(Module module) => ((Embedding)module).call(tensor(new long[,] { { 0, 3, 3 }, { 5, 1, 0 } }));
}

public sealed class ConvolutionSample : ILayerSample
{
    public Module Create() => Conv2d(4, 6, 3, stride: 2, padding: 1, groups: 2);

    public Tensor Call(Module module) => ((Conv2d)module).call(Inputs.Of(2, 4, 6, 5));
}

public sealed class TransposedSample : ILayerSample
{
    public Module Create() => ConvTranspose2d(4, 6, 3, stride: 2, padding: 1, groups: 2);

    public Tensor Call(Module module) => ((ConvTranspose2d)module).call(Inputs.Of(2, 4, 3, 4));
}

public sealed class RecurrentSample : ILayerSample
{
    public Module Create() => LSTM(4, 5);

    public Tensor Call(Module module) => ((LSTM)module).call(Inputs.Of(6, 3, 4)).Item1;
}

public sealed class RecurrentCellSample : ILayerSample
{
    public Module Create() => GRUCell(4, 5);

    public Tensor Call(Module module) => ((GRUCell)module).call(Inputs.Of(3, 4), Inputs.Of(3, 5).cos());
}

public sealed class AttentionSample : ILayerSample
{
    public Module Create() => MultiheadAttention(6, 3, bias: false);

    public Tensor Call(Module module)
    {
        var x = Inputs.Of(4, 2, 6);
        return ((MultiheadAttention)module).call(x, x, x).Item1;
    }
}

public sealed class AttentionAcrossSample : ILayerSample
{
    public Module Create() => MultiheadAttention(6, 3, add_zero_attn: true);

    public Tensor Call(Module module)
    {
        var memory = Inputs.Of(5, 2, 6).cos();
        var (y, weights) = ((MultiheadAttention)module).call(Inputs.Of(4, 2, 6), memory, memory, attn_mask: Inputs.Of(4, 5));
        return y.transpose(0, 1) * weights.select(-1, 0).unsqueeze(-1);
    }
}

public sealed class AttentionOfThreeSample : ILayerSample
{
    public Module Create() => MultiheadAttention(6, 3, kdim: 4, vdim: 4);

    public Tensor Call(Module module) => ((MultiheadAttention)module).call(Inputs.Of(4, 2, 6), Inputs.Of(3, 2, 4), Inputs.Of(3, 2, 4).cos(), need_weights: false).Item1;
}

public sealed class EncoderSample : ILayerSample
{
    public Module Create() => TransformerEncoder(TransformerEncoderLayer(6, 2, 9, dropout: 0), 2);

    public Tensor Call(Module module) =>
        ((TransformerEncoder)module).call(Inputs.Of(4, 2, 6), Inputs.Of(4, 4), tensor(new[,] { { false, false, true, true }, { false, false, false, true } }));
}

public sealed class TransformerSample : ILayerSample
{
    public Module Create() => Transformer(4, 2, 1, 2, 6, dropout: 0, Activations.GELU);

    public Tensor Call(Module module) => ((Transformer)module).call(Inputs.Of(5, 2, 4), Inputs.Of(3, 2, 4).cos(), null!, Inputs.Of(3, 3), Inputs.Of(3, 5));
}
