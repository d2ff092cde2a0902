using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>A memory that neither ages nor scatters from read to read: all that can go wrong goes wrong in programming.</summary>
public abstract record StableMemory : MemoryStatistics
{
    /// <inheritdoc/>
    public sealed override Tensor DrawFate(Tensor targets, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(targets);
        return zeros(1, device: targets.device);
    }

    /// <inheritdoc/>
    public sealed override Tensor Age(Tensor programmed, Tensor fate, double time)
    {
        ArgumentNullException.ThrowIfNull(programmed);
        return programmed.clone();
    }

    /// <inheritdoc/>
    public sealed override Tensor ReadDeviation(Tensor programmed, Tensor aged, double time) => zeros_like(aged);

    /// <inheritdoc/>
    public sealed override Moments ConductanceMoments(double target, double time) => Programmed(target);

    /// <inheritdoc/>
    public sealed override double ReadNoise(double target, double time) => 0;

    /// <summary>What devices that are asked for a conductance have after programming (S), in plain numbers.</summary>
    /// <param name="target">Target conductance (S).</param>
    public abstract Moments Programmed(double target);
}

/// <summary>A memory that holds what it is told, for ever.</summary>
public sealed record IdealMemory : StableMemory
{
    /// <summary>Smallest conductance.</summary>
    [Unit("S")]
    public double GMin { get; init => field = NotNegative(value); }

    /// <summary>Largest conductance.</summary>
    [Unit("S")]
    public double GMax { get; init => field = Positive(value); } = 25 * Units.uS;

    /// <inheritdoc/>
    public override (double Min, double Max) Range => (GMin, GMax);

    /// <inheritdoc/>
    public override Tensor Program(Tensor targets, Rng rng) => targets.clone();

    /// <inheritdoc/>
    public override Moments Programmed(double target) => new(target);
}

/// <summary>Devices that are all off by a normal number of one standard deviation when they are programmed, and stay there.</summary>
/// <remarks>No technology's own, but what a network's tolerance is often stated in. The least conductance keeps the noise clear of 0.</remarks>
public sealed record GaussianMemory : StableMemory
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
    public override Tensor Program(Tensor targets, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(targets);
        using var deviation = full([], (float)Deviation, device: targets.device);
        return Scattered(targets, deviation, rng);
    }

    /// <inheritdoc/>
    public override Moments Programmed(double target) => Moments.OfNormal(xi => Math.Max(target + Deviation * xi, 0));
}
