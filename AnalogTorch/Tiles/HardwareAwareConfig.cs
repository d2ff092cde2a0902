using AnalogTorch.Periphery;

namespace AnalogTorch.Tiles;

/// <summary>The hardware that a digitally trained layer is to meet later, as it is met during training.</summary>
/// <remarks>
/// Any torch optimizer trains the weights. Forward reads them through the path, and in training mode with noise on them; the
/// gradient passes straight through the converters and sees the same noisy weights.
/// </remarks>
public sealed record HardwareAwareConfig : LayerHardware
{
    /// <summary>The path of the forward read.</summary>
    public AnalogPath Forward { get; init => field = NotNull(value); } = new();

    /// <summary>The path of the backward read; ideal where gradients are computed digitally.</summary>
    public AnalogPath Backward { get; init => field = NotNull(value); } = new();

    /// <summary>What keeps the weights from being exact while they are trained.</summary>
    public WeightNoise WeightNoise { get; init => field = NotNull(value); } = new NoWeightNoise();

    /// <summary>Which weight a cell at full conductance will stand for: noise and converters of outputs see weights in this unit.</summary>
    public WeightRange Range { get; init => field = NotNull(value); } = new UnitRange();

    /// <summary>How far weights may grow.</summary>
    public WeightClip Clip { get; init => field = NotNull(value); } = new NoClip();

    internal override string Note => $"hardware-aware, {WeightNoise.GetType().Name}";

    internal override IReadOnlyList<AnalogPath> Paths => [Forward, Backward];

    internal override double DevicesPerWeight(long outputs) => 0;
}
