using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>Filamentary ReRAM whose conductances relax in the days after programming; no read noise.</summary>
/// <remarks>
/// σ(ĝ) = Σ c_k·ĝ^k one second, one day and two days after programming, in between by ln t, and constant outside. Means do not move. A device
/// that was programmed exactly relaxes by what σ has grown since the first second. Constants from IBM aihwkit (inference/noise/reram.py), after
/// Wan et al., Nature 608:504 (2022).
/// </remarks>
public sealed record ReRamHfOx : MemoryStatistics
{
    private static readonly double[] Times = [1, Units.Day, 2 * Units.Day];

    private static readonly double[][] Curves = // µS
    [
        [0.348, 16.030, -43.853, 45.393, -16.815],
        [0.701, 22.086, -50.773, 47.095, -16.458],
        [0.782, 20.274, -43.507, 37.062, -11.934],
    ];

    /// <summary>Largest conductance that is asked for.</summary>
    [Unit("S")]
    public double GMax { get; init => field = Positive(value); } = 40 * Units.uS;

    /// <inheritdoc/>
    public override (double Min, double Max) Range => (0, GMax);

    /// <summary>Standard deviation of conductances from their targets (S).</summary>
    /// <param name="share">Target conductances over <see cref="GMax"/>.</param>
    /// <param name="time">Time since programming (s).</param>
    public static Tensor Deviation(Tensor share, double time) => Curve.Polynomial(share, CurveAt(time)).clamp_min_(0f).mul_((float)Units.uS);

    /// <inheritdoc/>
    public override Tensor Program(Tensor targets, Rng rng)
    {
        using var scope = NewDisposeScope();
        return Scattered(targets, Deviation(targets / (float)GMax, 0), rng).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor DrawFate(Tensor targets, Rng rng) => Noise.Normal(rng, targets.shape, targets.device);

    /// <inheritdoc/>
    public override Tensor Age(Tensor programmed, Tensor fate, double time)
    {
        using var scope = NewDisposeScope();
        var share = programmed / (float)GMax;
        var grown = (Deviation(share, time).square() - Deviation(share, 0).square()).clamp_min_(0f).sqrt_();
        return grown.mul_(fate).add_(programmed).clamp_min_(0f).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor ReadDeviation(Tensor programmed, Tensor aged, double time) => zeros_like(aged);

    private static double[] CurveAt(double time)
    {
        var last = Times.Length - 1;
        if (time <= Times[0])
            return Curves[0];
        if (time >= Times[last])
            return Curves[last];
        var i = Array.FindLastIndex(Times, known => known <= time);
        var weight = Math.Log(time / Times[i]) / Math.Log(Times[i + 1] / Times[i]);
        return [.. Curves[i].Zip(Curves[i + 1], (early, late) => early + weight * (late - early))];
    }

    /// <inheritdoc/>
    public override Moments ConductanceMoments(double target, double time) => Moments.OfNormals((xi, eta) =>
    {
        var programmed = Math.Max(target + Sigma(target, 1) * xi, 0);
        var (first, now) = (Sigma(programmed, 1), Sigma(programmed, time));
        return Math.Max(programmed + Math.Sqrt(Math.Max(now * now - first * first, 0)) * eta, 0);
    });

    /// <inheritdoc/>
    public override double ReadNoise(double target, double time) => 0;

    /// <summary>σ (S) in plain numbers.</summary>
    private double Sigma(double conductance, double time)
    {
        var g = conductance / GMax;
        var second = 0.348 + 16.030 * g - 43.853 * g * g + 45.393 * Math.Pow(g, 3) - 16.815 * Math.Pow(g, 4);
        var day = 0.701 + 22.086 * g - 50.773 * g * g + 47.095 * Math.Pow(g, 3) - 16.458 * Math.Pow(g, 4);
        var twoDays = 0.782 + 20.274 * g - 43.507 * g * g + 37.062 * Math.Pow(g, 3) - 11.934 * Math.Pow(g, 4);
        var lnDay = Math.Log(86_400);
        var sigma = Math.Log(Math.Clamp(time, 1, 172_800)) is var ln && ln < lnDay
            ? second + (day - second) * ln / lnDay
            : day + (twoDays - day) * (ln - lnDay) / Math.Log(2);
        return Math.Max(sigma, 0) * Units.uS;
    }
}
