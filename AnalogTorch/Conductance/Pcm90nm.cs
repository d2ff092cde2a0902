using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>Mushroom cells of Ge₂Sb₂Te₅ in 90 nm: the model that IBM aihwkit calls PCMLikeNoiseModel.</summary>
/// <remarks>
/// Fitted to a chip of a million devices (Joshi et al. 2020; Nandakumar et al., ICECS 2019); constants from aihwkit
/// (inference/noise/pcm.py).
/// </remarks>
public sealed record Pcm90nm : PcmStatistics
{
    private const double FittedGMax = 25 * Units.uS;

    /// <inheritdoc/>
    public override Tensor ProgrammingDeviation(Tensor share) => Curve.Polynomial(share, 0.26348, 1.9650, -1.1731).mul_((float)(Units.uS * GMax / FittedGMax));

    /// <inheritdoc/>
    public override Tensor MeanExponent(Tensor share) => Curve.ClippedLogarithm(share, -0.0155, 0.0244, 0.049, 0.1);

    /// <inheritdoc/>
    public override Tensor ExponentDeviation(Tensor share) => Curve.ClippedLogarithm(share, -0.0125, -0.0059, 0.008, 0.045);

    /// <inheritdoc/>
    public override Tensor ReadNoiseStrength(Tensor share) => pow(share, 0.65f).clamp_min_(1e-3f).reciprocal_().mul_(0.0088f).clamp_max_(0.2f);

    /// <inheritdoc/>
    public override PcmCurves CurvesAt(double share) => new(
        ProgrammingDeviation: (-1.1731 * share * share + 1.9650 * share + 0.26348) / 25 * GMax, // fitted in µS, at 25 µS
        MeanExponent: Math.Clamp(-0.0155 * Math.Log(share) + 0.0244, 0.049, 0.1),
        ExponentDeviation: Math.Clamp(-0.0125 * Math.Log(share) - 0.0059, 0.008, 0.045),
        ReadNoiseStrength: Math.Min(0.0088 / Math.Max(Math.Pow(share, 0.65), 1e-3), 0.2));
}
