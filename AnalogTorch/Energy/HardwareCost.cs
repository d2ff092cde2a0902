using AnalogTorch.Core;

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
/// <param name="Seconds">Time that its reads and updates take one after the other, from input to result (s).</param>
/// <param name="SquareMetres">Area of its tiles, all copies included (m²).</param>
/// <param name="Devices">Devices of its tiles, all copies included.</param>
/// <param name="Tiles">Number of its tiles, all copies included.</param>
/// <param name="Work">Drives, conversions, sums and bytes of its tiles; none of a layer that is in no tile.</param>
public sealed record LayerCost(CensusLayer Layer, IReadOnlyDictionary<CostComponent, double> Energy, double Seconds, double SquareMetres, long Devices, long Tiles, TileWork Work = default)
{
    /// <summary>Energy of all components (J).</summary>
    public double Joules => Energy.Values.Sum();

    /// <summary>Time until it can begin with the next samples: less than it takes where one is converted while the next is read (s).</summary>
    public double Interval { get; init; } = Seconds;
}

/// <summary>Hardware as a model of what its work costs: a new one is one new file.</summary>
public abstract record HardwareCost : HardwareConfig
{
    /// <summary>Where the numbers come from, in one or two sentences; reports print it.</summary>
    public abstract string Source { get; }

    /// <summary>What of the energy depends on the values of a sample, and not on counts alone; none of it unless a model says so.</summary>
    public virtual IReadOnlyList<CostComponent> DataDependent => [];

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
}
