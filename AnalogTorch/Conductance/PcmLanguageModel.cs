using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>Programming noise of a later phase-change chip, as it is used for language models; neither drift nor read noise.</summary>
/// <remarks>
/// With x = 180·G/GMax, σ is a cubic in x: of one device below x = 52.5, of two from there on; below x = 0.6 a device is RESET and gives exactly
/// 0. The source counts in x; the conductance of full scale only gives it a name. Constants from IBM analog-foundation-models (noise model of the
/// chip).
/// </remarks>
public sealed record PcmLanguageModel : StableMemory
{
    private const float FullScale = 180, Switch = 52.5f, Off = 0.6f;

    /// <summary>Largest conductance that is asked for.</summary>
    [Unit("S")]
    public double GMax { get; init => field = Positive(value); } = 25 * Units.uS;

    /// <inheritdoc/>
    public override (double Min, double Max) Range => (0, GMax);

    /// <summary>Standard deviation of programming, in shares of full scale.</summary>
    /// <param name="share">Target conductances over <see cref="GMax"/>.</param>
    public static Tensor ProgrammingDeviation(Tensor share)
    {
        ArgumentNullException.ThrowIfNull(share);
        using var scope = NewDisposeScope();
        var x = share * FullScale;
        var single = Curve.Polynomial(x, 2.57974, 0.224197, -3.71581e-3, 2.93975e-5);
        var doubled = Curve.Polynomial(x, 2.11030, 0.245349, -3.05499e-3, 1.23298e-5);
        return where(x < Off, zeros_like(x), where(x < Switch, single, doubled)).div_(FullScale).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Program(Tensor targets, Rng rng)
    {
        using var scope = NewDisposeScope();
        var share = targets / (float)GMax;
        var programmed = Scattered(targets, ProgrammingDeviation(share).mul_((float)GMax), rng);
        return programmed.masked_fill_(share * FullScale < Off, 0f).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Moments Programmed(double target)
    {
        var x = 180 * target / GMax;
        var sigma = x < 52.5
            ? 2.57974 + 0.224197 * x - 3.71581e-3 * x * x + 2.93975e-5 * x * x * x
            : 2.11030 + 0.245349 * x - 3.05499e-3 * x * x + 1.23298e-5 * x * x * x;
        return x < 0.6 ? default : Moments.OfNormal(xi => GMax * Math.Max(x + sigma * xi, 0) / 180);
    }
}
