using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>How non-volatile devices deviate from what they were asked for: when they are programmed, while they age, and when they are read.</summary>
/// <remarks>
/// Tensors are conductances (S) of any shape, one number a device. What a device will do later is drawn once, when it is programmed, so that its
/// conductance is a function of time and not of the times at which somebody looked. To add a memory, derive a sealed record.
/// </remarks>
public abstract record MemoryStatistics : HardwareConfig
{
    /// <summary>The conductances that can be asked for (S).</summary>
    public abstract (double Min, double Max) Range { get; }

    /// <summary>Programs devices in one go, without reading back.</summary>
    /// <param name="targets">Target conductances (S).</param>
    /// <param name="rng">The stream of this write.</param>
    /// <returns>Conductances right after programming (S).</returns>
    public abstract Tensor Program(Tensor targets, Rng rng);

    /// <summary>Draws what decides how devices age, once and for all.</summary>
    /// <param name="targets">Target conductances (S).</param>
    /// <param name="rng">The stream of these devices.</param>
    /// <returns>One number a device, whose meaning is the memory's own.</returns>
    public abstract Tensor DrawFate(Tensor targets, Rng rng);

    /// <summary>Conductances at a later time, without the noise of reading them.</summary>
    /// <param name="programmed">Conductances right after programming (S).</param>
    /// <param name="fate">What <see cref="DrawFate"/> gave.</param>
    /// <param name="time">Time since programming (s).</param>
    public abstract Tensor Age(Tensor programmed, Tensor fate, double time);

    /// <summary>Standard deviation of conductances from one evaluation to the next (S).</summary>
    /// <param name="programmed">Conductances right after programming (S).</param>
    /// <param name="aged">What <see cref="Age"/> gave.</param>
    /// <param name="time">Time since programming (s).</param>
    public abstract Tensor ReadDeviation(Tensor programmed, Tensor aged, double time);
}

/// <summary>A memory that holds what it is told, for ever.</summary>
public sealed record IdealMemory : MemoryStatistics
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
    public override Tensor DrawFate(Tensor targets, Rng rng) => zeros(1, device: targets.device);

    /// <inheritdoc/>
    public override Tensor Age(Tensor programmed, Tensor fate, double time) => programmed.clone();

    /// <inheritdoc/>
    public override Tensor ReadDeviation(Tensor programmed, Tensor aged, double time) => zeros_like(aged);
}
