using AnalogTorch.Core;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Bilinear layers: y = x₁ᵀ·W·x₂ + b, output by output.</summary>
/// <remarks>
/// Inputs of the array are those of x₂, its outputs are the products with every row of every W. Digital circuits multiply them by x₁ and add them up, from
/// the bias on, so a bias is digital whatever the hardware says.
/// </remarks>
internal sealed class BilinearKind : LayerKind
{
    public override bool Handles(nn.Module module) => module is Bilinear;

    public override IEnumerable<LayerMatrix> Matrices(nn.Module module)
    {
        var layer = (Bilinear)module;
        yield return new("", layer.weight, null) { Layout = new RowLayout(2), Note = $"; its first input {(layer.bias is null ? "is" : "and its bias are")} digital" };
    }

    /// <summary>Each output of the array is multiplied, and added to others, once a read.</summary>
    public override IEnumerable<LayerArray> Arrays(nn.Module module) => [new("", [0], Matrices(module).Single().Outputs)];

    /// <summary>A read for each pair of inputs.</summary>
    public override long Reads(nn.Module module, LayerCall call) => call.InputRows;

    public override IEnumerable<(int Matrix, Tensor Rows)> Drives(nn.Module module, LayerInput input) => [(0, input.Hidden!)];

    public override IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        var run = new BilinearRun((Bilinear)module, tiles[0]);
        return Lead((Bilinear)module, run.StandIn, run.Run);
    }
}

/// <summary>A bilinear layer on its tile.</summary>
internal sealed class BilinearRun(Bilinear layer, Tile tile)
{
    public Tensor Run(Tensor first, Tensor second)
    {
        using var passage = tile.Gate.Enter();
        var weight = layer.weight;
        var (outputs, rows) = (weight.shape[0], weight.shape[1]);
        if (first.dim() == 0 || first.shape[^1] != rows || !first.shape.AsSpan()[..^1].SequenceEqual(second.shape.AsSpan()[..^1]))
        {
            throw new ArgumentException(
                $"{tile.Name}: the inputs must be [..., {rows}] and [..., {tile.Inputs}] of as many samples, but are [{string.Join(", ", first.shape)}] and [{string.Join(", ", second.shape)}].");
        }
        tile.Check(first, weight);
        var products = LayerKind.Multiply(tile, second, weight, null, layer.training);
        var y = (products.view([.. second.shape[..^1], outputs, rows]) * first.unsqueeze(-2)).sum(-1);
        return layer.bias is { } bias ? y.add(bias, LastingScalars.One) : y;
    }

    /// <summary>Inputs without rows.</summary>
    public (Tensor First, Tensor Second) StandIn() => (Empty(layer.weight.shape[1]), Empty(tile.Inputs));

    private Tensor Empty(long inputs) => empty([0, inputs], dtype: layer.weight.dtype, device: layer.weight.device);
}
