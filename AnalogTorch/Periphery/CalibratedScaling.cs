using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Periphery;

/// <summary>All inputs of a tile are divided by one number, which is measured on inputs of the model before the tile is used.</summary>
/// <remarks>Every tile keeps a number of its own. A path that is not part of a tile has none, and divides each sample by its largest absolute value.</remarks>
public sealed record CalibratedScaling : InputScaling
{
    private static readonly AbsMaxScaling Unmeasured = new();

    /// <summary>How the number is found.</summary>
    public InputMeasure Measure { get; init => field = NotNull(value); } = new InputDeviations();

    /// <inheritdoc/>
    public override RowScaling? AsRowScaling => Unmeasured.AsRowScaling;

    /// <inheritdoc/>
    public override Tensor Of(Tensor x, bool hasBias) => Unmeasured.Of(x, hasBias);

    /// <inheritdoc/>
    public override double Factor(ReadOnlySpan<double> x, bool hasBias) => Unmeasured.Factor(x, hasBias);
}
