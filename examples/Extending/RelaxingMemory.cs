using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Extending;

/// <summary>A filament that relaxes: every device loses conductance with the logarithm of time, some faster than others.</summary>
/// <remarks>G(t) = G(0)·max(0, 1 − ρ·log₁₀(1 + t/t₀)) with ρ drawn once a device; made up for this guide, its numbers too.</remarks>
public sealed record RelaxingMemory : MemoryStatistics
{
    /// <summary>Smallest conductance that can be asked for.</summary>
    [Unit("S")]
    public double GMin { get; init => field = NotNegative(value); } = 2 * Units.uS;

    /// <summary>Largest conductance that can be asked for.</summary>
    [Unit("S")]
    public double GMax { get; init => field = Positive(value); } = 50 * Units.uS;

    /// <summary>Standard deviation of programming.</summary>
    [Unit("S")]
    public double Spread { get; init => field = NotNegative(value); } = 0.5 * Units.uS;

    /// <summary>Mean share that is lost in a decade of time (ρ).</summary>
    [Unit("1")]
    public double Loss { get; init => field = Within(value, 0, 1); } = 0.01;

    /// <summary>Standard deviation of that share over devices.</summary>
    [Unit("1")]
    public double LossSpread { get; init => field = NotNegative(value); } = 0.004;

    /// <summary>Time at which the loss sets in (t₀).</summary>
    [Unit("s")]
    public double Onset { get; init => field = Positive(value); } = 1;

    /// <summary>Standard deviation from one evaluation to the next.</summary>
    [Unit("S")]
    public double ReadSpread { get; init => field = NotNegative(value); } = 0.1 * Units.uS;

    public override (double Min, double Max) Range => (GMin, GMax);

    public override Tensor Program(Tensor targets, Rng rng)
    {
        using var deviation = full([], (float)Spread, device: targets.device);
        return Scattered(targets, deviation, rng);
    }

    public override Tensor DrawFate(Tensor targets, Rng rng)
    {
        using var scope = NewDisposeScope();
        return Noise.Normal(rng, targets.shape, targets.device).mul_((float)LossSpread).add_((float)Loss).clamp_min_(0f).MoveToOuterDisposeScope();
    }

    public override Tensor Age(Tensor programmed, Tensor fate, double time)
    {
        using var scope = NewDisposeScope();
        return ((1f - fate * (float)Math.Log10(1 + time / Onset)).clamp_min_(0f) * programmed).MoveToOuterDisposeScope();
    }

    public override Tensor ReadDeviation(Tensor programmed, Tensor aged, double time) => full_like(aged, (float)ReadSpread);

    /// <summary>The same in plain numbers, as the formula above has it: what laws hold the tensors against.</summary>
    public override Moments ConductanceMoments(double target, double time)
    {
        var decades = Math.Log10(1 + time / Onset);
        var kept = Moments.OfNormal(eta => Math.Max(1 - Math.Max(Loss + LossSpread * eta, 0) * decades, 0));
        return Moments.OfNormal(xi => Math.Max(target + Spread * xi, 0)) * kept;
    }

    public override double ReadNoise(double target, double time) => ReadSpread;
}
