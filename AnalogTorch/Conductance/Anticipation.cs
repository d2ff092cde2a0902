using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>What devices are asked for, so that they are where they should be when they are needed.</summary>
/// <remarks>To add one, derive a sealed record.</remarks>
public abstract record Anticipation : HardwareConfig
{
    /// <summary>Makes up its mind about one kind of devices.</summary>
    /// <param name="trial">Writes devices of this kind, and tells what they are later.</param>
    /// <param name="range">The conductances that they can be asked for (S).</param>
    /// <param name="device">The torch device of tensors.</param>
    /// <returns>What to ask of devices (S), from where they should be (S).</returns>
    public abstract Func<Tensor, Tensor> For(ProgrammingTrial trial, (double Min, double Max) range, Device device);
}

/// <summary>Writes devices beforehand, and tells what they are later.</summary>
/// <param name="targets">What they are asked for (S).</param>
/// <param name="time">Time after programming (s).</param>
/// <returns>Conductances (S), without the noise of reading them, in the caller's dispose scope.</returns>
public delegate Tensor ProgrammingTrial(Tensor targets, double time);

/// <summary>Devices are asked for where they should be.</summary>
public sealed record NoAnticipation : Anticipation
{
    /// <inheritdoc/>
    public override Func<Tensor, Tensor> For(ProgrammingTrial trial, (double Min, double Max) range, Device device) => targets => targets.alias();
}

/// <summary>Devices are asked for what leads them, on average and but for one factor for all, to where they should be at a time.</summary>
/// <remarks>
/// Small conductances of phase-change memory drift faster than large ones, and those that should be 0 are a little above it. No factor makes up for that, and no number of
/// devices averages it out; but it is the same for all devices of a target, so that it can be tried out once: with m(g) the mean of what a target g becomes,
/// a device that should be at g is asked for m⁻¹(m(min) + (g − min)·(m(max) − m(min))/(max − min)). Chosen here.
/// </remarks>
public sealed record MeanAnticipation : Anticipation
{
    /// <summary>The time after programming.</summary>
    [Unit("s")]
    public double Time { get; init => field = NotNegative(value); } = Units.Day;

    /// <inheritdoc/>
    public override Func<Tensor, Tensor> For(ProgrammingTrial trial, (double Min, double Max) range, Device device)
    {
        ArgumentNullException.ThrowIfNull(trial);
        var (min, swing) = ((float)range.Min, (float)(range.Max - range.Min));
        var course = new MeanCourse(trial, range, Time, device);
        return targets =>
        {
            using var scope = NewDisposeScope();
            return course.Asked((targets - min) / swing * (course.Became[-1] - course.Became[0]) + course.Became[0]).MoveToOuterDisposeScope();
        };
    }
}

/// <summary>Devices are asked for what leads them, on average, to where they should be at a time, without any factor left over.</summary>
/// <remarks>
/// With m(g) the mean of what a target g becomes, a device that should be at g is asked for m⁻¹(g), or for the largest conductance where none leads there: for arrays
/// whose outputs nobody rescales, such as those that train. Chosen here.
/// </remarks>
public sealed record DriftAnticipation : Anticipation
{
    /// <summary>The time after programming.</summary>
    [Unit("s")]
    public double Time { get; init => field = NotNegative(value); } = 1 * Units.ms;

    /// <inheritdoc/>
    public override Func<Tensor, Tensor> For(ProgrammingTrial trial, (double Min, double Max) range, Device device)
    {
        ArgumentNullException.ThrowIfNull(trial);
        return new MeanCourse(trial, range, Time, device).Asked;
    }
}

/// <summary>The mean of what devices become, tried out once, and what to ask for the other way round.</summary>
internal sealed class MeanCourse
{
    private const int Points = 33, DevicesOfPoint = 4096;
    private readonly Tensor asked;

    /// <summary>Tries it out.</summary>
    public MeanCourse(ProgrammingTrial trial, (double Min, double Max) range, double time, Device device)
    {
        using var scope = NewDisposeScope();
        var (min, swing) = ((float)range.Min, (float)(range.Max - range.Min));
        asked = linspace(0f, 1f, Points, device: device).square().mul_(swing).add_(min); // closer together where exponents change the most
        var became = trial(asked.unsqueeze(1).expand(Points, DevicesOfPoint).contiguous(), time).mean([1L]);
        Became = became.cummax(0).values.MoveToOuterDisposeScope(); // the mean of more devices would rise throughout
        asked.MoveToOuterDisposeScope();
    }

    /// <summary>The means, in ascending order.</summary>
    public Tensor Became { get; }

    /// <summary>What to ask for, so that devices become this on average (S).</summary>
    public Tensor Asked(Tensor wanted)
    {
        using var inner = NewDisposeScope();
        var upper = searchsorted(Became, wanted.contiguous()).clamp_(1, Points - 1);
        var (below, above) = (Became[upper - 1], Became[upper]);
        var part = ((wanted - below) / (above - below).clamp_min_(float.Epsilon)).clamp_(0f, 1f);
        return (asked[upper - 1] + part * (asked[upper] - asked[upper - 1])).MoveToOuterDisposeScope();
    }
}
