using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Devices;

/// <summary>How a stored value changes when nobody touches it.</summary>
public abstract record Leakage : HardwareConfig
{
    /// <summary>Draws what differs from cell to cell; null if nothing does.</summary>
    /// <param name="rng">The stream of these cells.</param>
    /// <param name="shape">Outputs × inputs.</param>
    /// <param name="device">The torch device; null means host memory.</param>
    public abstract Tensor? Draw(Rng rng, long[] shape, Device? device);

    /// <summary>Lets time pass, in place.</summary>
    /// <param name="value">The stored values.</param>
    /// <param name="drawn">What <see cref="Draw"/> gave.</param>
    /// <param name="seconds">Elapsed time (s).</param>
    public abstract void Pass(Tensor value, Tensor? drawn, double seconds);
}

/// <summary>A device whose value changes when it is left alone.</summary>
public interface ILeaking
{
    /// <summary>What the value does when the device is left alone.</summary>
    Leakage Leakage { get; }
}

/// <summary>A value that stays what it is.</summary>
public sealed record NoLeakage : Leakage
{
    /// <inheritdoc/>
    public override Tensor? Draw(Rng rng, long[] shape, Device? device) => null;

    /// <inheritdoc/>
    public override void Pass(Tensor value, Tensor? drawn, double seconds)
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
    public override Tensor? Draw(Rng rng, long[] shape, Device? device) => null;

    /// <inheritdoc/>
    public override void Pass(Tensor value, Tensor? drawn, double seconds)
    {
        var kept = Math.Exp(-seconds / TimeConstant);
        value.mul_((float)kept).add_((float)(Rest * (1 - kept)));
    }
}

/// <summary>The same creep with a time constant of each cell's own, so that cells and their shared reference do not leak alike.</summary>
/// <remarks>
/// τ_d is log-normal with mean <see cref="TimeConstant"/> and relative standard deviation <see cref="Spread"/>: ln τ_d has the variance s² = ln(1 + Spread²) and the
/// mean ln τ − s²/2, so that none is negative. The spread of 30 % is that of the lifetimes in IBM aihwkit's preset for the trench capacitor of Li et al., VLSI 2018.
/// </remarks>
public sealed record UnevenLeakage : Leakage
{
    /// <summary>Value that the leakage pulls towards (V∞).</summary>
    [Unit("V")]
    public double Rest { get; init => field = Finite(value); } = 0.8;

    /// <summary>Mean time constant of the approach (τ).</summary>
    [Unit("s")]
    public double TimeConstant { get; init => field = Positive(value); } = 5.16 * Units.ms;

    /// <summary>Standard deviation of the time constant over cells, relative to its mean.</summary>
    [Unit("1")]
    public double Spread { get; init => field = Within(value, 0, 10); } = 0.3;

    /// <inheritdoc/>
    public override Tensor? Draw(Rng rng, long[] shape, Device? device)
    {
        var variance = Math.Log(1 + Spread * Spread);
        return Noise.Normal(rng, shape, device).mul_((float)Math.Sqrt(variance)).add_((float)(Math.Log(TimeConstant) - variance / 2)).exp_();
    }

    /// <inheritdoc/>
    public override void Pass(Tensor value, Tensor? drawn, double seconds)
    {
        ArgumentNullException.ThrowIfNull(drawn);
        using var scope = NewDisposeScope();
        value.sub_((float)Rest).mul_((drawn.reciprocal() * (float)-seconds).exp_()).add_((float)Rest);
    }
}
