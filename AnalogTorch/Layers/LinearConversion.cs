using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Puts a torch <see cref="Linear"/> on a tile, in place: the module stays where it is, and its parameters stay its own.</summary>
/// <remarks>
/// The torch class is sealed, so two hooks do it: the first keeps the input and hands the module none of its rows, the second
/// returns what the tile computes. Hooks run when the module is called, not when its <c>forward</c> is.
/// </remarks>
internal sealed class LinearConversion
{
    private readonly Linear layer;
    private readonly Tile tile;
    private Tensor? parked;

    public LinearConversion(Linear layer, Tile tile)
    {
        (this.layer, this.tile) = (layer, tile);
        AnalogLayer.Attach(layer, tile, layer.weight!, layer.bias);
        layer.register_forward_pre_hook(Before);
        layer.register_forward_hook(After);
    }

    private Tensor Before(nn.Module<Tensor, Tensor> module, Tensor input)
    {
        tile.Check(input, layer.weight!);
        parked = input;
        return (input.dim() == 2 ? input : input.reshape(-1, tile.Inputs)).narrow(0, 0, 0);
    }

    private Tensor After(nn.Module<Tensor, Tensor> module, Tensor input, Tensor output)
    {
        output.Dispose();
        input.Dispose();
        var (weight, bias) = (layer.weight!, layer.bias);
        AnalogLayer.Bind(tile, weight, bias);
        return tile.Apply(parked!, weight, bias, layer.training);
    }
}
