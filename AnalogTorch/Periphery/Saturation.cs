using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Periphery;

/// <summary>What is done when an output exceeds the range of the ADC ("bound management").</summary>
public abstract record Saturation : HardwareConfig
{
    /// <summary>Whether to read again after so many repetitions.</summary>
    public abstract bool Repeats(int attempt);

    /// <summary>The scale for the next try.</summary>
    public abstract Tensor Rescale(Tensor scale);
}

/// <summary>Outputs stay at the limit.</summary>
public sealed record ClipOutputs : Saturation
{
    /// <inheritdoc/>
    public override bool Repeats(int attempt) => false;

    /// <inheritdoc/>
    public override Tensor Rescale(Tensor scale) => scale;
}

/// <summary>Samples with an output at the limit are read again at half the input, and again.</summary>
public sealed record HalveInputs : Saturation
{
    /// <summary>Most repetitions.</summary>
    [Unit("1")]
    public int MaxRepetitions { get; init => field = Within(value, 1, 30); } = 10;

    /// <inheritdoc/>
    public override bool Repeats(int attempt) => attempt < MaxRepetitions;

    /// <inheritdoc/>
    public override Tensor Rescale(Tensor scale) => scale * 2f;
}
