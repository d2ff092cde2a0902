namespace AnalogTorch.Tiles;

/// <summary>Digital numbers beside the converters of one matrix, found by a recalibration: y = gain·(what the array gives) + offset (+ bias).</summary>
/// <param name="Gains">A factor for each output.</param>
/// <param name="Offsets">What is added to each output, in the layer's own unit.</param>
public sealed record OutputCorrection(IReadOnlyList<float> Gains, IReadOnlyList<float> Offsets);
