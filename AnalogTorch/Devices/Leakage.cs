using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Devices;

/// <summary>How a stored value changes when nobody touches it.</summary>
public abstract record Leakage : HardwareConfig
{
    /// <summary>Lets time pass, in place.</summary>
    /// <param name="value">The stored values.</param>
    /// <param name="seconds">Elapsed time (s).</param>
    public abstract void Pass(Tensor value, double seconds);
}

/// <summary>A value that stays what it is.</summary>
public sealed record NoLeakage : Leakage
{
    /// <inheritdoc/>
    public override void Pass(Tensor value, double seconds)
    {
    }
}

/// <summary>A value that creeps exponentially towards a rest value: V ← V∞ + (V − V∞)·exp(−Δt/τ).</summary>
/// <remarks>
/// The rest voltage of 0.8 V is that of Ambrogio et al., Nature 2018, Extended Data Fig. 9. The time constant is recalled, not
/// found in a source: vary it.
/// </remarks>
public sealed record ExponentialLeakage : Leakage
{
    /// <summary>Value that the leakage pulls towards (V∞).</summary>
    [Unit("V")]
    public double Rest { get; init => field = Finite(value); } = 0.8;

    /// <summary>Time constant of the approach (τ).</summary>
    [Unit("s")]
    public double TimeConstant { get; init => field = Positive(value); } = 5.16 * Units.ms;

    /// <inheritdoc/>
    public override void Pass(Tensor value, double seconds)
    {
        var kept = Math.Exp(-seconds / TimeConstant);
        value.mul_((float)kept).add_((float)(Rest * (1 - kept)));
    }
}
