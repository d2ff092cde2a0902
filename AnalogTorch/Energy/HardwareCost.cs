using AnalogTorch.Core;
using AnalogTorch.Tiles;

namespace AnalogTorch.Energy;

/// <summary>What energy goes into.</summary>
public enum CostComponent
{
    /// <summary>Currents through the devices of an array while it is read.</summary>
    Array,

    /// <summary>Drivers of the input lines.</summary>
    Drivers,

    /// <summary>Integrators, ramps, comparators of the output lines.</summary>
    Converters,

    /// <summary>Results on their way to the next array.</summary>
    Routing,

    /// <summary>Digital circuits: cells of an LSTM, sums over tiles, layers that stay digital.</summary>
    Digital,

    /// <summary>Update pulses.</summary>
    Update,

    /// <summary>Pulses of transfers and refreshes.</summary>
    Programming,

    /// <summary>Whole tiles, or a whole processor, where nothing is published of their parts.</summary>
    Whole,
}

/// <summary>What one layer costs in the pass that was counted.</summary>
/// <param name="Layer">What it did.</param>
/// <param name="Energy">Energy by component (J).</param>
/// <param name="Seconds">Time that its reads and updates take one after the other (s).</param>
/// <param name="SquareMetres">Area of its tiles, all copies included (m²).</param>
/// <param name="Devices">Devices of its tiles, all copies included.</param>
/// <param name="Tiles">Number of its tiles, all copies included.</param>
public sealed record LayerCost(CensusLayer Layer, IReadOnlyDictionary<CostComponent, double> Energy, double Seconds, double SquareMetres, long Devices, long Tiles)
{
    /// <summary>Energy of all components (J).</summary>
    public double Joules => Energy.Values.Sum();
}

/// <summary>Hardware as a model of what its work costs: a new one is one new file.</summary>
public abstract record HardwareCost : HardwareConfig
{
    /// <summary>Where the numbers come from, in one or two sentences; reports print it.</summary>
    public abstract string Source { get; }

    /// <summary>What a layer costs.</summary>
    /// <param name="layer">What it did, for <paramref name="samples"/> samples together.</param>
    /// <param name="samples">Samples of the pass.</param>
    public abstract LayerCost Of(CensusLayer layer, long samples);

    /// <summary>What everything costs that a census counted.</summary>
    public CostReport Of(Census census)
    {
        ArgumentNullException.ThrowIfNull(census);
        return new(this, census, [.. census.Layers.Select(layer => Of(layer, census.Samples))]);
    }

    /// <summary>How many tiles a layer takes, and how many of them are above each other and beside each other.</summary>
    private protected static (long Tiles, long Down, long Across) Layout(CensusLayer layer, TileSize size)
    {
        var (inputs, outputs) = (Math.Min(layer.Size.MaxInputs, size.MaxInputs), Math.Min(layer.Size.MaxOutputs, size.MaxOutputs));
        var grid = TileGrid.Of(Limited(inputs, outputs), layer.Inputs, layer.Outputs, layer.Groups);
        return (grid.Tiles, Ceiling(layer.Inputs, inputs), Ceiling(layer.Outputs, outputs));

        static TileSize Limited(long inputs, long outputs) => inputs == long.MaxValue && outputs == long.MaxValue
            ? new UnlimitedSize()
            : new LimitedSize { Inputs = (int)Math.Min(inputs, int.MaxValue), Outputs = (int)Math.Min(outputs, int.MaxValue) };

        static long Ceiling(long count, long ofWhich) => count / ofWhich + (count % ofWhich == 0 ? 0 : 1);
    }
}
