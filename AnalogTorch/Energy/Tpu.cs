using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>Google's first tensor processing unit, for inference in 8 bits, data movement not counted.</summary>
/// <remarks>N. P. Jouppi et al., "In-datacenter performance analysis of a tensor processing unit", ISCA 2017: 92 TOP/s at 40 W when busy, 331 mm² or less.</remarks>
public sealed record Tpu : DigitalProcessor
{
    /// <inheritdoc/>
    public override string Source => "N. P. Jouppi et al., ISCA 2017: TPU v1, 92 TOP/s at 40 W when busy, 331 mm²; inference, data movement not counted.";

    /// <summary>Speed, two operations for each weight and read.</summary>
    [Unit("1/s")]
    public override double OperationsPerSecond { get; init => field = Positive(value); } = 92e12;

    /// <summary>Efficiency in the same operations.</summary>
    [Unit("1/J")]
    public override double OperationsPerJoule { get; init => field = Positive(value); } = 92e12 / 40;

    /// <summary>What the chip takes up, counted once and not for each layer.</summary>
    [Unit("m2")]
    public override double ChipArea { get; init => field = NotNegative(value); } = 331e-6;
}
