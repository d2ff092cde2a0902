using AnalogTorch.Core;
using AnalogTorch.Tiles;

namespace AnalogTorch.Energy;

/// <summary>Tiles of a chip that was built and measured: each read of a tile takes what was published for the whole of it, however much of it is used.</summary>
public abstract record PublishedTiles : HardwareCost
{
    /// <summary>Input lines that a tile has.</summary>
    [Unit("1")]
    public abstract int Inputs { get; init; }

    /// <summary>Output lines that a tile has.</summary>
    [Unit("1")]
    public abstract int Outputs { get; init; }

    /// <summary>Speed, two operations for each weight and read.</summary>
    [Unit("1/s")]
    public abstract double OperationsPerSecond { get; init; }

    /// <summary>Efficiency in the same operations.</summary>
    [Unit("1/J")]
    public abstract double OperationsPerJoule { get; init; }

    /// <summary>What a tile takes up, circuits included.</summary>
    [Unit("m2")]
    public abstract double TileArea { get; init; }

    /// <summary>How many devices make a weight.</summary>
    [Unit("1")]
    public abstract int DevicesPerWeight { get; init; }

    /// <summary>Energy of an element that digital circuits beside the tiles work out; the 90 nm design's 18 pJ scaled to 14 nm.</summary>
    [Unit("J")]
    public double DigitalEnergy { get; init => field = NotNegative(value); } = DurationHardware.DigitalEnergyOf90nm * DurationHardware.CircuitScaleOf14nm;

    /// <inheritdoc/>
    public sealed override LayerCost Of(CensusLayer layer, long samples)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var energy = new Dictionary<CostComponent, double>
        {
            [CostComponent.Digital] = (layer.DigitalElements + layer.DigitalMultiplyAccumulates) * DigitalEnergy,
        };
        if (!layer.IsArray)
            return new(layer, energy, 0, 0, 0, 0);
        var work = TileWork.Of(layer, new LimitedSize { Inputs = Inputs, Outputs = Outputs });
        var reads = layer.Reads + layer.TransposedReads + layer.Updates; // an update is not published: as much as a read
        var operations = 2.0 * Inputs * Outputs;
        energy[CostComponent.Whole] = reads * work.Tiles * operations / OperationsPerJoule;
        energy[CostComponent.Digital] += work.Sums * DigitalEnergy;
        return new(layer, energy, reads * operations / OperationsPerSecond, work.Tiles * TileArea, layer.Devices > 0 ? layer.Devices : layer.Weights * DevicesPerWeight, work.Tiles, work);
    }
}
