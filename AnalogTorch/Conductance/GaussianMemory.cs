using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>Devices that are all off by a normal number of one standard deviation when they are programmed, and stay there.</summary>
/// <remarks>No technology's own, but what a network's tolerance is often stated in. The least conductance keeps the noise clear of 0.</remarks>
public sealed record GaussianMemory : MemoryStatistics, ICrossChecked
{
    /// <summary>Smallest conductance that is asked for.</summary>
    [Unit("S")]
    public double GMin { get; init => field = NotNegative(value); } = 10 * Units.uS;

    /// <summary>Largest conductance that is asked for.</summary>
    [Unit("S")]
    public double GMax { get; init => field = Positive(value); } = 20 * Units.uS;

    /// <summary>Standard deviation of programming (σ); the weight of a pair is off by σ·√2.</summary>
    [Unit("S")]
    public double Deviation { get; init => field = NotNegative(value); } = 0.2 * Units.uS;

    /// <inheritdoc/>
    public override (double Min, double Max) Range => (GMin, GMax);

    /// <inheritdoc/>
    public void Check()
    {
        if (GMin >= GMax)
            throw new ArgumentException($"GaussianMemory.GMin must be less than GMax, but they are {Units.Format(GMin, "S")} and {Units.Format(GMax, "S")}.");
    }

    /// <inheritdoc/>
    public override Tensor Program(Tensor targets, Rng rng)
    {
        using var scope = NewDisposeScope();
        return Noise.Normal(rng, targets.shape, targets.device).mul_((float)Deviation).add_(targets).clamp_min_(0f).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor DrawFate(Tensor targets, Rng rng) => zeros(1, device: targets.device);

    /// <inheritdoc/>
    public override Tensor Age(Tensor programmed, Tensor fate, double time) => programmed.clone();

    /// <inheritdoc/>
    public override Tensor ReadDeviation(Tensor programmed, Tensor aged, double time) => zeros_like(aged);
}
