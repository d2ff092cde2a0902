using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Periphery;
using AnalogTorch.Updates;

namespace AnalogTorch.Tiles;

/// <summary>The hardware of one layer: an array of unit cells, what surrounds it, and how it is updated.</summary>
public sealed record TileConfig : LayerHardware, ICrossChecked
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

    /// <inheritdoc/>
    public void Check()
    {
        if (Update.ShrinksPulses && Cell.UpdatedDevice()?.UnderPulses(1) is null)
            throw new ArgumentException($"TileConfig.Update has pulses that shrink, but {Cell.UpdatedDevice()?.GetType().Name ?? Cell.GetType().Name} takes full pulses only; use FullPulses, or a cell whose updates charge a GatedCapacitor.");
    }

    internal override string Note => Cell.GetType().Name;

    internal override IReadOnlyList<AnalogPath> Paths => [Forward, Backward];

    internal override double DevicesPerWeight(long outputs) => Cell.DevicesPerWeight;
}
