using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Fully connected layers.</summary>
internal sealed class LinearKind : LayerKind
{
    public override bool Handles(nn.Module module) => module is Linear or AnalogLinear;

    public override IEnumerable<LayerMatrix> Matrices(nn.Module module)
    {
        var (weight, bias) = Parameters(module)();
        return [new("", weight, bias)];
    }

    public override long Reads(nn.Module module, LayerCall call) => call.InputRows;

    public override IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        var run = new LinearRun(module, tiles[0], Parameters(module));
        return module is Linear linear
            ? StandInHooks.Install(linear, tiles[0].Gate, run.StandIn, run.Run)
            : ((IRunsOnTiles<LinearRun>)module).Put(run);
    }

    private static Func<(Parameter Weight, Parameter? Bias)> Parameters(nn.Module module) =>
        module is Linear linear ? () => (linear.weight!, linear.bias) : () => (((AnalogLinear)module).weight, ((AnalogLinear)module).bias);
}

/// <summary>A fully connected layer on its tile.</summary>
internal sealed class LinearRun(nn.Module layer, Tile tile, Func<(Parameter Weight, Parameter? Bias)> parameters)
{
    public Tile Tile => tile;

    public Tensor Run(Tensor x)
    {
        using var passage = tile.Gate.Enter();
        var (weight, bias) = parameters();
        AnalogLayer.Bind(tile, weight, bias);
        return LinearFunction.Apply(tile, x, weight, bias, layer.training);
    }

    /// <summary>An input without rows.</summary>
    public Tensor StandIn() => empty([0, tile.Inputs], dtype: parameters().Weight.dtype, device: parameters().Weight.device);
}
