using AnalogTorch.Core;

namespace AnalogTorch.Tiles;

/// <summary>How much weight an array's conductances stand for, layer by layer.</summary>
/// <remarks>
/// The factor multiplies what a read of the array gives, and so the weight that a conductance stands for and the weight step of a
/// pulse. Layers whose weights are large need it, or they run into the limits of their devices.
/// </remarks>
public abstract record WeightScaling : HardwareConfig
{
    /// <summary>Weight per unit of the array's own weight.</summary>
    /// <param name="inputs">Number of inputs of the layer.</param>
    public abstract double Of(long inputs);
}

/// <summary>Every layer has the scale of its cell.</summary>
public sealed record SameScaling : WeightScaling
{
    /// <inheritdoc/>
    public override double Of(long inputs) => 1;
}

/// <summary>The scale follows the size that trained weights tend to have: 1/√inputs, the range of torch's start values.</summary>
/// <remarks>√(ReferenceInputs/inputs), so that a layer with the reference number of inputs keeps the scale of its cell.</remarks>
public sealed record FanInScaling : WeightScaling
{
    /// <summary>Number of inputs for which the scale is that of the cell: the first layer of the 528-250-125-10 network.</summary>
    [Unit("1")]
    public double ReferenceInputs { get; init => field = Positive(value); } = 528;

    /// <inheritdoc/>
    public override double Of(long inputs) => Math.Sqrt(ReferenceInputs / inputs);
}
