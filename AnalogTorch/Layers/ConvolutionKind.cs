using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Convolutions in one, two and three dimensions.</summary>
internal sealed class ConvolutionKind : LayerKind
{
    public override bool Handles(nn.Module module) => module is Conv1d or Conv2d or Conv3d or AnalogConvolution;

    public override IEnumerable<LayerMatrix> Matrices(nn.Module module) => module switch
    {
        Convolution torch => [new("", torch.weight!, torch.bias, torch.groups)],
        _ => [new("", ((AnalogConvolution)module).weight, ((AnalogConvolution)module).bias, ((AnalogConvolution)module).Geometry.Shape.Groups)],
    };

    /// <summary>A read for each place of the kernel on each sample.</summary>
    public override long Reads(nn.Module module, LayerCall call) => call.OutputElements / Matrices(module).Single().Weight.shape[0];

    public override IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        TorchSelfCheck.Run();
        if (module is Convolution torch)
        {
            var run = new ConvolutionRun(torch, tiles[0], ConvolutionGeometry.Of(torch), () => (torch.weight!, torch.bias));
            return Lead(torch, run.StandIn, run.Run);
        }
        var layer = (AnalogConvolution)module;
        return ((IRunsOnTiles<ConvolutionRun>)layer).Put(new(layer, tiles[0], layer.Geometry, () => (layer.weight, layer.bias)));
    }
}

/// <summary>How a kernel moves over its input, borders of every kind included.</summary>
/// <param name="Shape">The convolution of an input whose borders are there, or are zeros on both sides alike.</param>
/// <param name="Border">Lengths that are put around the input first, as torch's <c>pad</c> takes them; empty if nothing is.</param>
/// <param name="Mode">What they are filled with.</param>
internal sealed record ConvolutionGeometry(ConvolutionShape Shape, long[] Border, PaddingModes Mode)
{
    public static ConvolutionGeometry Of(Convolution layer) =>
        Of(layer.kernel_size, layer.stride, layer.padding, layer.padding_type, layer.dilation, layer.padding_mode, layer.groups);

    /// <summary>The geometry of torch's arguments.</summary>
    public static ConvolutionGeometry Of(long[] kernel, long[] stride, long[]? padding, Padding? type, long[] dilation, PaddingModes mode, long groups)
    {
        var sides = kernel.Select((size, d) => type switch
        {
            Padding.Same => (Before: dilation[d] * (size - 1) / 2, After: dilation[d] * (size - 1) - dilation[d] * (size - 1) / 2),
            Padding.Valid => (Before: 0L, After: 0L),
            _ => (Before: padding![d], After: padding[d]),
        }).ToArray();
        return mode == PaddingModes.Zeros && sides.All(side => side.Before == side.After)
            ? new(new(kernel, stride, [.. sides.Select(side => side.Before)], dilation, groups), [], mode)
            : new(new(kernel, stride, new long[kernel.Length], dilation, groups), [.. sides.Reverse().SelectMany(side => new[] { side.Before, side.After })],
                mode == PaddingModes.Zeros ? PaddingModes.Constant : mode);
    }

    /// <summary>An input with its border.</summary>
    public Tensor WithBorder(Tensor x) => Border.All(length => length == 0) ? x : nn.functional.pad(x, Border, Mode, 0);
}

/// <summary>A convolution on its tile.</summary>
internal sealed class ConvolutionRun(nn.Module layer, Tile tile, ConvolutionGeometry geometry, Func<(Parameter Weight, Parameter? Bias)> parameters)
{
    public Tile Tile => tile;

    public Tensor Run(Tensor x)
    {
        using var passage = tile.Gate.Enter();
        var (weight, bias) = parameters();
        AnalogLayer.Bind(tile, weight, bias);
        return ConvolutionRead.Apply(tile, geometry.Shape, geometry.WithBorder(x), weight, bias, layer.training);
    }

    /// <summary>An input without samples, large enough for what torch does at its borders.</summary>
    public Tensor StandIn()
    {
        var (weight, shape) = (parameters().Weight, geometry.Shape);
        var border = geometry.Border.Append(0).Max() + 1; // a reflection needs more than its length, a circle at least that
        return empty(
            [0, weight.size(1) * shape.Groups, .. shape.Kernel.Zip(shape.Dilation, (size, step) => step * (size - 1) + border)], dtype: weight.dtype, device: weight.device);
    }
}
