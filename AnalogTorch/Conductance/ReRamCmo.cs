using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>ReRAM of a conductive metal oxide on HfOₓ, programmed in a closed loop, which relaxes and is read with noise.</summary>
/// <remarks>
/// σ_prog = Offset + Slope·G; after t ≥ 1 s every device has moved by N(−0.0890·ln t, 0.0420·ln t + 0.4118) µS; reads scatter by
/// 0.0277·log₁₀(G)·√(ln((t + 1 µs)/(2 µs))) µS with G in µS. Constants from IBM aihwkit (inference/noise/reram.py); the defaults are those of
/// an acceptance range of 2 %.
/// </remarks>
public sealed record ReRamCmo : MemoryStatistics
{
    private const double ReadStart = 1 * Units.us;

    /// <summary>Smallest conductance that is asked for.</summary>
    [Unit("S")]
    public double GMin { get; init => field = NotNegative(value); } = 9 * Units.uS;

    /// <summary>Largest conductance that is asked for.</summary>
    [Unit("S")]
    public double GMax { get; init => field = Positive(value); } = 88.2 * Units.uS;

    /// <summary>Programming noise of a device of no conductance.</summary>
    [Unit("S")]
    public double ProgrammingOffset { get; init => field = NotNegative(value); } = 0.01122 * Units.uS;

    /// <summary>Programming noise per conductance.</summary>
    [Unit("1")]
    public double ProgrammingSlope { get; init => field = NotNegative(value); } = 0.01129;

    /// <inheritdoc/>
    public override (double Min, double Max) Range => (GMin, GMax);

    /// <inheritdoc/>
    public override Tensor Program(Tensor targets, Rng rng)
    {
        using var scope = NewDisposeScope();
        return Scattered(targets, targets.mul((float)ProgrammingSlope).add_((float)ProgrammingOffset), rng).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor DrawFate(Tensor targets, Rng rng) => Noise.Normal(rng, targets.shape, targets.device);

    /// <inheritdoc/>
    public override Tensor Age(Tensor programmed, Tensor fate, double time)
    {
        if (time < 1)
            return programmed.clone();
        using var scope = NewDisposeScope();
        var (mean, deviation) = (-0.0890 * Math.Log(time), 0.0420 * Math.Log(time) + 0.4118);
        return fate.mul((float)(deviation * Units.uS)).add_((float)(mean * Units.uS)).add_(programmed).clamp_min_(0f).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor ReadDeviation(Tensor programmed, Tensor aged, double time)
    {
        using var scope = NewDisposeScope();
        var growth = Math.Sqrt(Math.Log(Math.Max((time + ReadStart) / (2 * ReadStart), 1)));
        return (aged / (float)Units.uS).clamp_min_(1f).log10_().mul_((float)(0.0277 * growth * Units.uS)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Moments ConductanceMoments(double target, double time) => Moments.OfNormals((xi, eta) => Once(target, time, xi, eta));

    /// <inheritdoc/>
    public override double ReadNoise(double target, double time)
    {
        if (time <= 1e-6)
            return 0;
        var (mean, deviation) = Moments.OfNormals((xi, eta) => 0.0277 * Units.uS * Math.Log10(Math.Max(Once(target, time, xi, eta) / Units.uS, 1)));
        return Math.Sqrt((mean * mean + deviation * deviation) * Math.Log((time + 1e-6) / 2e-6));
    }

    private double Once(double target, double time, double xi, double eta)
    {
        var programmed = Math.Max(target + (ProgrammingOffset + ProgrammingSlope * target) * xi, 0);
        return time < 1 ? programmed : Math.Max(programmed + ((0.4118 + 0.0420 * Math.Log(time)) * eta - 0.0890 * Math.Log(time)) * Units.uS, 0);
    }
}
