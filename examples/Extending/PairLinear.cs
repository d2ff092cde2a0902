using AnalogTorch.Laws;
using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Extending;

/// <summary>A layer with two inputs and a matrix for each: y = A·x₁ + B·x₂ + b.</summary>
public sealed class PairLinear : nn.Module<Tensor, Tensor, Tensor>
{
    // Torch's own code replaces these when the module moves to another torch device.
    private readonly Parameter first, second, bias;

    public PairLinear(long firstInputs, long secondInputs, long outputs) : base(nameof(PairLinear))
    {
        var limit = 1 / Math.Sqrt(firstInputs + secondInputs);
        first = new Parameter(nn.init.uniform_(empty(outputs, firstInputs), -limit, limit));
        second = new Parameter(nn.init.uniform_(empty(outputs, secondInputs), -limit, limit));
        bias = new Parameter(zeros(outputs));
        RegisterComponents();
    }

    public Parameter First => first;

    public Parameter Second => second;

    public Parameter Bias => bias;

    public override Tensor forward(Tensor x1, Tensor x2) => nn.functional.linear(x1, first, bias) + nn.functional.linear(x2, second);
}

/// <summary>Puts both matrices on tiles; their products meet on the same outputs, where hardware would build one array of them.</summary>
public sealed class PairLinearKind : LayerKind
{
    public override bool Handles(nn.Module module) => module is PairLinear;

    public override IEnumerable<LayerMatrix> Matrices(nn.Module module)
    {
        var layer = (PairLinear)module;
        return [new("first", layer.First, layer.Bias), new("second", layer.Second, null)];
    }

    public override IEnumerable<LayerArray> Arrays(nn.Module module) => [new("", [0, 1])];

    public override long Reads(nn.Module module, LayerCall call) => call.InputRows;

    public override IEnumerable<(int Matrix, Tensor Rows)> Drives(nn.Module module, LayerInput input) => [(0, input.X), (1, input.Hidden!)];

    public override IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        var layer = (PairLinear)module;
        return Lead(
            layer,
            standIn: () => (empty(0, tiles[0].Inputs, device: layer.First.device), empty(0, tiles[1].Inputs, device: layer.First.device)),
            run: (x1, x2) => Multiply(tiles[0], x1, layer.First, layer.Bias, layer.training) + Multiply(tiles[1], x2, layer.Second, null, layer.training));
    }
}

/// <summary>What the laws of layers try <see cref="PairLinearKind"/> on.</summary>
public sealed class PairLinearSample : ILayerSample
{
    public nn.Module Create() => new PairLinear(6, 4, 3);

    public Tensor Call(nn.Module module) => ((PairLinear)module).call(linspace(-1, 1, 30).view(5, 6), linspace(-2, 1, 20).view(5, 4));
}
