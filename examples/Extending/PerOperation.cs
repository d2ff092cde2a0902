using AnalogTorch.Core;
using AnalogTorch.Energy;

namespace AnalogTorch.Extending;

/// <summary>Hardware of which no more is known than what an operation takes, and how large a cell is.</summary>
public sealed record PerOperation : HardwareCost
{
    public override string Source => "Round numbers of no chip, made up for the guide to extending: 10 fJ an operation in an array, 1 pJ a digital one, 100 ns a read.";

    /// <summary>Energy of an operation in an array, of which a weight that is read takes two.</summary>
    [Unit("J")]
    public double ArrayEnergy { get; init => field = NotNegative(value); } = 10e-15;

    /// <summary>Energy of an operation of digital circuits.</summary>
    [Unit("J")]
    public double DigitalEnergy { get; init => field = NotNegative(value); } = 1e-12;

    /// <summary>Time of a read, or of an update, whatever the array.</summary>
    [Unit("s")]
    public double ReadTime { get; init => field = Positive(value); } = 100 * Units.ns;

    /// <summary>Area of a cell with its share of everything around it.</summary>
    [Unit("m2")]
    public double CellArea { get; init => field = Positive(value); } = 1e-12;

    public override LayerCost Of(CensusLayer layer, long samples)
    {
        var energy = new Dictionary<CostComponent, double>
        {
            [CostComponent.Whole] = layer.ArrayOperations * ArrayEnergy,
            [CostComponent.Digital] = (layer.Operations - layer.ArrayOperations) * DigitalEnergy,
        };
        var reads = layer.Reads + layer.TransposedReads + layer.Updates;
        return layer.IsArray
            ? new(layer, energy, reads * ReadTime, layer.Weights * CellArea, Math.Max(layer.Devices, 2 * layer.Weights), layer.Tiles)
            : new(layer, energy, 0, 0, 0, 0);
    }
}
