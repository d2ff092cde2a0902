using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>A digital processor that spends its published energy and time on every operation; all layers run on the one chip.</summary>
/// <remarks>What it spends is that of large matrix products; small batches cost it more.</remarks>
public abstract record DigitalProcessor : HardwareCost
{
    /// <summary>Speed, two operations for each weight and read.</summary>
    [Unit("1/s")]
    public abstract double OperationsPerSecond { get; init; }

    /// <summary>Efficiency in the same operations.</summary>
    [Unit("1/J")]
    public abstract double OperationsPerJoule { get; init; }

    /// <summary>What the chip takes up, counted once and not for each layer.</summary>
    [Unit("m2")]
    public abstract double ChipArea { get; init; }

    /// <inheritdoc/>
    public sealed override LayerCost Of(CensusLayer layer, long samples)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return new(layer, new Dictionary<CostComponent, double> { [CostComponent.Whole] = layer.Operations / OperationsPerJoule }, layer.Operations / OperationsPerSecond, 0, 0, 0);
    }
}
