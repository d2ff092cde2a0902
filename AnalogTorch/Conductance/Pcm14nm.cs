using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>One device of the 14 nm HERMES chip.</summary>
/// <remarks>Constants from IBM aihwkit (inference/noise/hermes.py, one device per polarity).</remarks>
public sealed record Pcm14nm : PcmStatistics
{
    /// <summary>A memory with the chip's largest conductance and times.</summary>
    public Pcm14nm() => (GMax, DriftStart, ReadTime) = (10.35 * Units.uS, 200, 512 * Units.ns);

    /// <inheritdoc/>
    public override Tensor ProgrammingDeviation(Tensor share) => Curve.Polynomial(share, 0.15781817, 2.32443916, -2.16310839, 0.68841818).mul_((float)Units.uS);

    /// <inheritdoc/>
    public override Tensor MeanExponent(Tensor share) => MeanExponentOfHermes(share);

    /// <inheritdoc/>
    public override Tensor ExponentDeviation(Tensor share) =>
        where(share < 0.3039f, Curve.ClippedLogarithm(share, -0.0120, -0.0023, 0.0124, 0.04), Curve.Polynomial(share, 0.0104, 0.0116, -0.0165));

    /// <inheritdoc/>
    public override Tensor ReadNoiseStrength(Tensor share) =>
        where(share < 0.1591f, Curve.ClippedLogarithm(share, -0.0078, 0.0038, 0.0179, 0.04), Curve.Polynomial(share, 0.0088, 0.0768, -0.1352, 0.0664));

    /// <inheritdoc/>
    public override PcmCurves CurvesAt(double share) => new(
        ProgrammingDeviation: (0.15781817 + share * (2.32443916 + share * (-2.16310839 + share * 0.68841818))) * Units.uS,
        MeanExponent: HermesExponent(share),
        ExponentDeviation: share < 0.3039 ? Math.Clamp(-0.0120 * Math.Log(share) - 0.0023, 0.0124, 0.04) : 0.0104 + share * (0.0116 - share * 0.0165),
        ReadNoiseStrength: share < 0.1591
            ? Math.Clamp(-0.0078 * Math.Log(share) + 0.0038, 0.0179, 0.04)
            : 0.0088 + share * (0.0768 + share * (-0.1352 + share * 0.0664)));
}

/// <summary>Two devices of the 14 nm HERMES chip in parallel, the more significant first, as one.</summary>
/// <remarks>Constants from IBM aihwkit (inference/noise/hermes.py, two devices per polarity).</remarks>
public sealed record Pcm14nmDoubled : PcmStatistics
{
    /// <summary>A memory with the chip's largest conductance and times.</summary>
    public Pcm14nmDoubled() => (GMax, DriftStart, ReadTime) = (20.7 * Units.uS, 300, 512 * Units.ns);

    /// <inheritdoc/>
    public override Tensor ProgrammingDeviation(Tensor share) => Curve.Polynomial(share, 0.16603222, 4.71806468, -8.48101252, 4.68961419).mul_((float)Units.uS);

    /// <inheritdoc/>
    public override Tensor MeanExponent(Tensor share) => MeanExponentOfHermes(share);

    /// <inheritdoc/>
    public override Tensor ExponentDeviation(Tensor share) =>
        where(share < 0.3055f, Curve.ClippedLogarithm(share, -0.0117, -0.0057, 0.0091, 0.04), Curve.Polynomial(share, 0.0073, 0.0093, -0.0118));

    /// <inheritdoc/>
    public override Tensor ReadNoiseStrength(Tensor share) =>
        where(share < 0.16f, Curve.ClippedLogarithm(share, -0.0117, -0.0069, 0.015, 0.04), Curve.Polynomial(share, 0.0123, 0.0211, -0.0280, 0.0069));

    /// <inheritdoc/>
    public override PcmCurves CurvesAt(double share) => new(
        ProgrammingDeviation: (0.16603222 + share * (4.71806468 + share * (-8.48101252 + share * 4.68961419))) * Units.uS,
        MeanExponent: HermesExponent(share),
        ExponentDeviation: share < 0.3055 ? Math.Clamp(-0.0117 * Math.Log(share) - 0.0057, 0.0091, 0.04) : 0.0073 + share * (0.0093 - share * 0.0118),
        ReadNoiseStrength: share < 0.16
            ? Math.Clamp(-0.0117 * Math.Log(share) - 0.0069, 0.015, 0.04)
            : 0.0123 + share * (0.0211 + share * (-0.0280 + share * 0.0069)));
}
