using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Periphery;
using AnalogTorch.Updates;
using TorchSharp.Modules;

namespace AnalogTorch.Tiles;

/// <summary>The hardware of one layer: an array of unit cells, what surrounds it, and how it is updated.</summary>
public sealed record TileConfig : LayerHardware
{
    /// <summary>What one weight is made of.</summary>
    public UnitCell Cell { get; init => field = NotNull(value); } = new MspLspCell();

    /// <summary>How much weight the cell's conductances stand for, layer by layer.</summary>
    public WeightScaling Scaling { get; init => field = NotNull(value); } = new SameScaling();

    /// <summary>How inputs and errors change the weights.</summary>
    public UpdateScheme Update { get; init => field = NotNull(value); } = new StochasticTrains();

    /// <summary>The path of the forward read.</summary>
    public AnalogPath Forward { get; init => field = NotNull(value); } = new();

    /// <summary>The path of the backward read, on the transposed array.</summary>
    public AnalogPath Backward { get; init => field = NotNull(value); } = new();

    internal override string Note => Cell.GetType().Name;

    internal override double DevicesPerWeight(long outputs) => Cell.DevicesPerWeight;

    internal override void Check(string name, Parameter weight, Parameter? bias) => AnalogTile.Check(this, name, weight, bias);

    internal override Tile Build(string name, Parameter weight, Parameter? bias, Rng rng, long groups) => new AnalogTile(this, name, weight, bias, rng, groups);
}
