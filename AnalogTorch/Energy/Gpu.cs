using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>NVIDIA's V100 without its tensor cores.</summary>
/// <remarks>31.4 TFLOP/s of half precision and 300 W from its data sheet; G. W. Burr's talk on the design of Chang et al. gives the same 0.1 TOP/s/W.</remarks>
public sealed record Gpu : DigitalProcessor
{
    /// <inheritdoc/>
    public override string Source => "NVIDIA V100, half precision without tensor cores: 31.4 TFLOP/s at 300 W, 815 mm² (data sheet).";

    /// <summary>Speed, two operations for each weight and read.</summary>
    [Unit("1/s")]
    public override double OperationsPerSecond { get; init => field = Positive(value); } = 31.4e12;

    /// <summary>Efficiency in the same operations.</summary>
    [Unit("1/J")]
    public override double OperationsPerJoule { get; init => field = Positive(value); } = 31.4e12 / 300;

    /// <summary>What the chip takes up, counted once and not for each layer.</summary>
    [Unit("m2")]
    public override double ChipArea { get; init => field = NotNegative(value); } = 815e-6;
}
