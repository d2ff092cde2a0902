using AnalogTorch.Core;
using AnalogTorch.Tiles;

namespace AnalogTorch.Energy;

/// <summary>Tiles of a chip that was built and measured: a read of a tile takes what was published for all of it, whatever is used of it or drives it.</summary>
/// <remarks>
/// The figures are those of the converters that were built, of 8 bits. A layer whose own hardware has others is priced at half of the energy, and all of the time, in
/// proportion to the steps of its converters, the mean of 2^bits of inputs and outputs over 2⁸; that is assumed here. A weight of more devices than a
/// unit cell of the chip has takes several cells side by side, each with a converter, and so does each digit of a weight.
/// </remarks>
public abstract record PublishedTiles : HardwareCost
{
    private const double ConverterShare = 0.5, BitsOfChip = 8;

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

    /// <summary>How many devices a unit cell has.</summary>
    [Unit("1")]
    public abstract int DevicesPerWeight { get; init; }

    /// <summary>Energy of an element that digital circuits beside the tiles work out; the 90 nm design's 18 pJ scaled to 14 nm.</summary>
    [Unit("J")]
    public double DigitalEnergy { get; init => field = NotNegative(value); } = DurationHardware.DigitalEnergyOf90nm * DurationHardware.CircuitScaleOf14nm;

    /// <summary>Time to add one more result of another tile, or cell, to a sum: a cycle of 1 GHz; assumed here.</summary>
    [Unit("s")]
    public double SumTime { get; init => field = NotNegative(value); } = 1 * Units.ns;

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
        var cells = Math.Max(layer.Slices, (long)Math.Ceiling(layer.DevicesPerWeight(DevicesPerWeight) / DevicesPerWeight));
        var size = new LimitedSize { Inputs = Inputs, Outputs = Outputs };
        var (work, parts) = (TileWork.Of(layer, size, cells), TileWork.Parts(layer, size, cells));
        var operations = 2.0 * Inputs * Outputs;
        var (forward, backward) = (Steps(layer.Forward), Steps(layer.Backward));
        // An update is not published: as much as a read.
        var reads = layer.Reads * Energy(forward) + layer.TransposedReads * Energy(backward) + layer.Updates;
        energy[CostComponent.Whole] = reads * work.Tiles * operations / OperationsPerJoule;
        energy[CostComponent.Digital] += work.Sums * DigitalEnergy;
        var read = operations / OperationsPerSecond;
        var (down, across) = ((parts.Forward - 1) * SumTime, (parts.Backward - 1) * SumTime);
        return new(
            layer, energy, layer.Reads * (read * forward + down) + layer.TransposedReads * (read * backward + across) + layer.Updates * read,
            work.Tiles * TileArea, layer.Devices > 0 ? layer.Devices : layer.Weights * DevicesPerWeight, work.Tiles, work)
        {
            Interval = layer.Reads * Math.Max(read * forward, down) + layer.TransposedReads * Math.Max(read * backward, across) + layer.Updates * read,
        };

        static double Energy(double steps) => 1 - ConverterShare + ConverterShare * steps;
    }

    /// <summary>Steps of the converters of a read over those of the chip.</summary>
    private static double Steps(ArrayRead read) =>
        (Math.Pow(2, (read.InputBits ?? BitsOfChip) - BitsOfChip) + Math.Pow(2, (read.OutputBits ?? BitsOfChip) - BitsOfChip)) / 2;
}
