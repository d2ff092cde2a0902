using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>How non-volatile devices deviate from what they were asked for: when they are programmed, while they age, and when they are read.</summary>
/// <remarks>
/// Tensors are conductances (S) of any shape, one number a device. What a device will do later is drawn once, when it is programmed, so that its
/// conductance is a function of time and not of the times at which somebody looked. To add a memory, derive a sealed record.
/// </remarks>
public abstract record MemoryStatistics : HardwareConfig, ICrossChecked
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

    /// <summary>
    /// What devices that are asked for a conductance have at a time (S), without the noise of reading them: the published equations in plain
    /// numbers.
    /// </summary>
    /// <remarks>Written apart from what tensors are computed by, and held against it by laws.</remarks>
    /// <param name="target">Target conductance (S).</param>
    /// <param name="time">Time since programming (s); at 0 devices are as they were programmed.</param>
    public abstract Moments ConductanceMoments(double target, double time);

    /// <summary>Root mean square over such devices of their standard deviation from one evaluation to the next (S), likewise.</summary>
    /// <inheritdoc cref="ConductanceMoments"/>
    public abstract double ReadNoise(double target, double time);

    /// <inheritdoc/>
    public void Check()
    {
        if (Range.Min >= Range.Max)
            throw new ArgumentException($"{GetType().Name} must have a smallest conductance below its largest, but they are {Units.Format(Range.Min, "S")} and {Units.Format(Range.Max, "S")}.");
    }

    /// <summary>Conductances around targets, normally distributed, none below 0 (S).</summary>
    /// <param name="targets">Target conductances (S).</param>
    /// <param name="deviation">Their standard deviations (S).</param>
    /// <param name="rng">The stream.</param>
    protected static Tensor Scattered(Tensor targets, Tensor deviation, Rng rng)
    {
        using var scope = NewDisposeScope();
        return Noise.Normal(rng, targets.shape, targets.device).mul_(deviation).add_(targets).clamp_min_(0f).MoveToOuterDisposeScope();
    }
}
