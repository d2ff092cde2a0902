using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>Phase-change memory: programming noise, drift with an exponent of each device's own, and 1/f read noise.</summary>
/// <remarks>
/// With ĝ = G/GMax: G₀ = max(G_T + σ_prog(ĝ_T)·ξ, 0); ν = |μ_ν(ĝ_T) + σ_ν(ĝ_T)·ξ|, drawn once; G = G₀·((t + t₀)/t₀)^−ν; and reads scatter by
/// σ_read = G·Q_s(ĝ₀)·√(ln((t + t₀ + t_r)/(2·t_r))), 0 for reads that take longer than t + t₀. The frame is that of Joshi et al., Nature
/// Communications 11:2473 (2020), as IBM aihwkit implements it; the curves are each memory's own.
/// </remarks>
public abstract record PcmStatistics : MemoryStatistics
{
    private const double LeastShare = 1e-7; // of GMax: a logarithm needs something

    /// <summary>Largest conductance that is asked for.</summary>
    [Unit("S")]
    public double GMax { get; init => field = Positive(value); } = 25 * Units.uS;

    /// <summary>Time from programming to the read that counts as time 0 (t₀).</summary>
    [Unit("s")]
    public double DriftStart { get; init => field = Positive(value); } = 20;

    /// <summary>Duration of a read (t_r).</summary>
    [Unit("s")]
    public double ReadTime { get; init => field = Positive(value); } = 250 * Units.ns;

    /// <summary>Factor on the programming noise.</summary>
    [Unit("1")]
    public double ProgrammingNoiseScale { get; init => field = NotNegative(value); } = 1;

    /// <summary>Factor on the drift exponents.</summary>
    [Unit("1")]
    public double DriftScale { get; init => field = NotNegative(value); } = 1;

    /// <summary>Factor on the read noise.</summary>
    [Unit("1")]
    public double ReadNoiseScale { get; init => field = NotNegative(value); } = 1;

    /// <inheritdoc/>
    public sealed override (double Min, double Max) Range => (0, GMax);

    /// <summary>Standard deviation of programming (σ_prog, in S).</summary>
    /// <param name="share">Target conductances over <see cref="GMax"/> (ĝ).</param>
    public abstract Tensor ProgrammingDeviation(Tensor share);

    /// <summary>Mean drift exponent (μ_ν).</summary>
    /// <param name="share">Target conductances over <see cref="GMax"/> (ĝ), above 0.</param>
    public abstract Tensor MeanExponent(Tensor share);

    /// <summary>Standard deviation of the drift exponent from device to device (σ_ν).</summary>
    /// <param name="share">Target conductances over <see cref="GMax"/> (ĝ), above 0.</param>
    public abstract Tensor ExponentDeviation(Tensor share);

    /// <summary>Strength of the read noise (Q_s).</summary>
    /// <param name="share">Programmed conductances over <see cref="GMax"/> (ĝ), above 0.</param>
    public abstract Tensor ReadNoiseStrength(Tensor share);

    /// <inheritdoc/>
    public sealed override Tensor Program(Tensor targets, Rng rng)
    {
        using var scope = NewDisposeScope();
        return Scattered(targets, ProgrammingDeviation(targets / (float)GMax).mul_((float)ProgrammingNoiseScale), rng).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public sealed override Tensor DrawFate(Tensor targets, Rng rng)
    {
        using var scope = NewDisposeScope();
        var share = Share(targets);
        var exponents = Noise.Normal(rng, targets.shape, targets.device).mul_(ExponentDeviation(share)).add_(MeanExponent(share)).abs_();
        return exponents.mul_((float)DriftScale).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public sealed override Tensor Age(Tensor programmed, Tensor fate, double time)
    {
        using var scope = NewDisposeScope();
        return fate.mul((float)-Math.Log((time + DriftStart) / DriftStart)).exp_().mul_(programmed).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public sealed override Tensor ReadDeviation(Tensor programmed, Tensor aged, double time)
    {
        using var scope = NewDisposeScope();
        var growth = Math.Sqrt(Math.Log(Math.Max((time + DriftStart + ReadTime) / (2 * ReadTime), 1)));
        return ReadNoiseStrength(Share(programmed)).mul_((float)(ReadNoiseScale * growth)).mul_(aged).MoveToOuterDisposeScope();
    }

    /// <summary>The curves in plain numbers, straight from their source.</summary>
    /// <param name="share">Conductance over <see cref="GMax"/> (ĝ), above 0.</param>
    public abstract PcmCurves CurvesAt(double share);

    /// <inheritdoc/>
    public sealed override Moments ConductanceMoments(double target, double time) => Programmed(target) * DriftFactor(target, time);

    /// <inheritdoc/>
    public sealed override double ReadNoise(double target, double time)
    {
        var growth = time + DriftStart > ReadTime ? Math.Log((time + DriftStart + ReadTime) / (2 * ReadTime)) : 0;
        var start = Moments.OfNormal(xi =>
            ProgrammedOnce(target, xi) * ReadNoiseScale * CurvesAt(Math.Max(ProgrammedOnce(target, xi) / GMax, LeastShare)).ReadNoiseStrength);
        var drift = DriftFactor(target, time);
        return Math.Sqrt(growth * (start.Mean * start.Mean + start.Deviation * start.Deviation)
            * (drift.Mean * drift.Mean + drift.Deviation * drift.Deviation));
    }

    private Moments Programmed(double target) => Moments.OfNormal(xi => ProgrammedOnce(target, xi));

    private double ProgrammedOnce(double target, double xi) =>
        Math.Max(target + ProgrammingNoiseScale * CurvesAt(target / GMax).ProgrammingDeviation * xi, 0);

    private Moments DriftFactor(double target, double time)
    {
        var curves = CurvesAt(Math.Max(target / GMax, LeastShare));
        return Moments.OfNormal(xi => Math.Pow(1 + time / DriftStart, -DriftScale * Math.Abs(curves.MeanExponent + curves.ExponentDeviation * xi)));
    }

    /// <summary>The mean drift exponent of the HERMES chip, for one device and for two in parallel.</summary>
    private protected static Tensor MeanExponentOfHermes(Tensor share) =>
        where(share < 0.0945f, Curve.ClippedLogarithm(share, -0.0387, -0.0182, 0.0720, 0.13), Curve.Polynomial(share, 0.0736, -0.0126, -0.0436));

    /// <summary>The same in plain numbers.</summary>
    private protected static double HermesExponent(double share) =>
        share < 0.0945 ? Math.Clamp(-0.0387 * Math.Log(share) - 0.0182, 0.0720, 0.13) : 0.0736 - 0.0126 * share - 0.0436 * share * share;

    private Tensor Share(Tensor conductances) => (conductances / (float)GMax).clamp_min_((float)LeastShare);
}

/// <summary>The curves of a phase-change memory at one conductance.</summary>
/// <param name="ProgrammingDeviation">Standard deviation of programming (σ_prog, in S).</param>
/// <param name="MeanExponent">Mean drift exponent (μ_ν).</param>
/// <param name="ExponentDeviation">Standard deviation of the drift exponent from device to device (σ_ν).</param>
/// <param name="ReadNoiseStrength">Strength of the read noise (Q_s).</param>
public readonly record struct PcmCurves(double ProgrammingDeviation, double MeanExponent, double ExponentDeviation, double ReadNoiseStrength);
