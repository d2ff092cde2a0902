using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Periphery;

/// <summary>A converter between digital numbers and voltages or currents, in either direction.</summary>
public abstract record Converter : HardwareConfig
{
    /// <summary>Converts every value.</summary>
    public abstract Tensor Convert(Tensor values, Rng rng);

    /// <summary>Where a value lies beyond the range (bool).</summary>
    public abstract Tensor Clips(Tensor values);

    /// <summary>
    /// The transfer curve in plain numbers: what a value becomes. Written apart from what tensors are converted by, and held against it by laws.
    /// </summary>
    public abstract Moments Transfer(double value);

    /// <summary>The converter as numbers, for a loop that does more than convert; null if it cannot be said in them.</summary>
    public abstract Quantizer? AsQuantizer { get; }
}

/// <summary>Passes every value on unchanged.</summary>
public sealed record IdealConverter : Converter
{
    /// <inheritdoc/>
    public override Tensor Convert(Tensor values, Rng rng) => values;

    /// <inheritdoc/>
    public override Tensor Clips(Tensor values) => zeros_like(values, ScalarType.Bool);

    /// <inheritdoc/>
    public override Quantizer? AsQuantizer => new Quantizer(0, float.PositiveInfinity, IsStochastic: false);

    /// <inheritdoc/>
    public override Moments Transfer(double value) => new(value);
}

/// <summary>Equally spaced levels, symmetric about zero, with hard limits.</summary>
/// <remarks>2^Bits − 2 steps from −Bound to Bound, so that zero is a level; rounded first, then clipped (IBM aihwkit).</remarks>
public sealed record UniformConverter : Converter
{
    /// <summary>Resolution.</summary>
    [Unit("1")]
    public int Bits { get; init => field = Within(value, 2, 24); } = 8;

    /// <summary>Largest value that comes through, and the negative of the smallest.</summary>
    [Unit("1")]
    public double Bound { get; init => field = Positive(value); } = 1;

    /// <summary>How a value between two levels is rounded.</summary>
    public Rounding Rounding { get; init => field = NotNull(value); } = new NearestRounding();

    /// <summary>Distance of two levels (LSB).</summary>
    public double Step => 2 * Bound / ((1 << Bits) - 2);

    /// <inheritdoc/>
    public override Tensor Convert(Tensor values, Rng rng) =>
        Rounding.Round(values * (1f / (float)Step), rng).mul_((float)Step).clamp_(-(float)Bound, (float)Bound);

    /// <inheritdoc/>
    public override Tensor Clips(Tensor values) => values.abs() > (float)(Bound + Step / 2);

    /// <inheritdoc/>
    public override Moments Transfer(double value)
    {
        var levels = Math.Pow(2, Bits - 1) - 1; // on each side of zero
        var (level, deviation) = Rounding.Rounded(Math.Clamp(value / Bound * levels, -levels, levels));
        return new(level * Bound / levels, deviation * Bound / levels);
    }

    /// <inheritdoc/>
    public override Quantizer? AsQuantizer => Rounding.IsByChance is { } byChance ? new Quantizer((float)Step, (float)Bound, byChance) : null;
}

/// <summary>How a number is rounded to a whole one.</summary>
public abstract record Rounding : HardwareConfig
{
    /// <summary>For a loop that does more than round: whether numbers go up or down at random, else to the nearest; null for neither.</summary>
    public abstract bool? IsByChance { get; }

    /// <summary>Rounds in place.</summary>
    public abstract Tensor Round(Tensor values, Rng rng);

    /// <summary>The whole number that a value becomes, in plain numbers.</summary>
    public abstract Moments Rounded(double value);
}

/// <summary>To the nearest whole number, halves to the even one.</summary>
public sealed record NearestRounding : Rounding
{
    /// <inheritdoc/>
    public override bool? IsByChance => false;

    /// <inheritdoc/>
    public override Tensor Round(Tensor values, Rng rng) => values.round_();

    /// <inheritdoc/>
    public override Moments Rounded(double value) => new(Math.Round(value, MidpointRounding.ToEven));
}

/// <summary>Up or down at random, so that the mean is exact.</summary>
public sealed record StochasticRounding : Rounding
{
    /// <inheritdoc/>
    public override bool? IsByChance => true;

    /// <inheritdoc/>
    public override Tensor Round(Tensor values, Rng rng) => values.add_(Noise.Uniform(rng, values.shape, values.device)).floor_();

    /// <inheritdoc/>
    public override Moments Rounded(double value) => new(value, Math.Sqrt((Math.Ceiling(value) - value) * (value - Math.Floor(value))));
}
