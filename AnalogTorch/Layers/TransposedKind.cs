using AnalogTorch.Core;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Transposed convolutions in one, two and three dimensions.</summary>
/// <remarks>
/// Inputs of the array are the channels at one place of the input, which is what a read takes; its outputs are the channels of the output at every place of
/// the kernel. What neighbours give for one value of the output is added digitally, from the bias on, so a bias is digital whatever the hardware says.
/// </remarks>
internal sealed class TransposedKind : LayerKind
{
    public override bool Handles(nn.Module module) => module is ConvolutionTranspose;

    public override IEnumerable<LayerMatrix> Matrices(nn.Module module)
    {
        var layer = (ConvolutionTranspose)module;
        yield return new("", layer.weight!, null, layer.groups)
        {
            Layout = new TransposedLayout(layer.groups),
            Note = layer.bias is null ? "" : "; its bias is added digitally, where outputs overlap",
        };
    }

    /// <summary>Each output of the array is added to others once a read.</summary>
    public override IEnumerable<LayerArray> Arrays(nn.Module module) => [new("", [0], Matrices(module).Single().Outputs)];

    /// <summary>A read for each place of the input.</summary>
    public override long Reads(nn.Module module, LayerCall call) => call.Input.Aggregate(1L, (product, size) => product * size) / ((ConvolutionTranspose)module).in_channels;

    public override IEnumerable<(int Matrix, Tensor Rows)> Drives(nn.Module module, LayerInput input) =>
        [(0, TransposedShape.RowsOf(input.X.dim() == ((ConvolutionTranspose)module).kernel_size.Length + 1 ? input.X.unsqueeze(0) : input.X))];

    public override IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        TorchSelfCheck.Run();
        var layer = (ConvolutionTranspose)module;
        var run = new TransposedRun(layer, tiles[0], ShapeOf(layer));
        return Lead(layer, run.StandIn, run.Run);
    }

    /// <summary>How the kernels of a layer lie over its output.</summary>
    /// <remarks>
    /// What is added at the end is what the layer itself adds, and not what it says: TorchSharp 0.107.0 takes the first output_padding of a ConvTranspose2d
    /// for both dimensions.
    /// </remarks>
    public static TransposedShape ShapeOf(ConvolutionTranspose layer)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var said = new TransposedShape(
            layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding!, layer.output_padding, layer.dilation, layer.groups);
        var standIn = StandIn(layer);
        return said with { OutputPadding = said.Beyond(standIn.shape[2..], layer.forward(standIn).shape[2..]) };
    }

    /// <summary>An input without samples, of which something is left after what is cut off.</summary>
    public static Tensor StandIn(ConvolutionTranspose layer) =>
        empty([0, layer.in_channels, .. layer.padding!.Select(zeros => 2 * zeros + 2)], dtype: layer.weight!.dtype, device: layer.weight.device);
}

/// <summary>A transposed convolution on its tile.</summary>
internal sealed class TransposedRun(ConvolutionTranspose layer, Tile tile, TransposedShape shape)
{
    public Tensor Run(Tensor x) => Run(x, null);

    /// <summary>The same for an output of given lengths.</summary>
    public Tensor Run(Tensor x, long[]? outputSize)
    {
        using var passage = tile.Gate.Enter();
        AnalogLayer.Bind(tile, layer.weight!, null);
        var y = TransposedRead.Apply(tile, shape, x, layer.weight!, layer.training, outputSize);
        return layer.bias is { } bias ? y.add(bias.view([-1, .. Enumerable.Repeat(1L, shape.Dimensions)]), LastingScalars.One) : y;
    }

    /// <summary>An input without samples, of which something is left after what is cut off.</summary>
    public Tensor StandIn() => TransposedKind.StandIn(layer);
}
