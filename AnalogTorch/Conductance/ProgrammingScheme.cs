using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>How devices are brought to the conductances of given weights.</summary>
public abstract record ProgrammingScheme : HardwareConfig
{
    /// <summary>Error of a weight, relative to the largest one, beyond which it counts as failed (E_T).</summary>
    [Unit("1")]
    public double TargetError { get; init => field = Within(value, 1e-6, 1); } = 0.02;

    /// <summary>The conductances that weights may ask of a device (S).</summary>
    /// <param name="memory">The memory.</param>
    public abstract (double Min, double Max) Range(MemoryStatistics memory);

    /// <summary>Programs an array.</summary>
    /// <param name="task">What is to be programmed.</param>
    /// <returns>What came of it; the tensors are the caller's.</returns>
    public abstract ProgrammedDevices Program(ProgrammingTask task);

    /// <summary>The weights that devices were brought towards, by which programming is judged; others than those of the task where something is anticipated.</summary>
    /// <param name="task">What was to be programmed.</param>
    /// <param name="devices">What came of it.</param>
    public virtual Tensor Goal(ProgrammingTask task, ProgrammedDevices devices)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.Weights;
    }

    /// <summary>Refuses maps and memories that the scheme cannot program.</summary>
    /// <exception cref="ArgumentException">They do not fit; the message says what would.</exception>
    public abstract void CheckFit(WeightMap map, MemoryStatistics memory);
}

/// <summary>Weights to be programmed into an array.</summary>
/// <param name="Weights">Weights in [−1, 1] [outputs, inputs].</param>
/// <param name="Map">What devices a weight is made of.</param>
/// <param name="Memory">What the devices are.</param>
/// <param name="Range">The conductances that weights may ask of a device (S).</param>
/// <param name="Defects">Which devices do not work.</param>
/// <param name="Stream">The stream of the array.</param>
public sealed record ProgrammingTask(Tensor Weights, WeightMap Map, MemoryStatistics Memory, (double Min, double Max) Range, Defects Defects, Rng Stream)
{
    /// <summary>Conductance, summed by significance, that stands for a weight of 1 (S).</summary>
    public double Span { get; } = Map.Span(Range);

    /// <summary>The stream of the devices in one place of the cells.</summary>
    /// <param name="place">The number of the place.</param>
    public Rng StreamOf(int place) => Stream.Split("device").Split(place);

    /// <summary>The conductances at which devices in one place of the cells are stuck (S), NaN for those that work; null if all do.</summary>
    /// <param name="place">The number of the place.</param>
    /// <param name="shape">Shape of the array of devices.</param>
    public Tensor? Stuck(int place, long[] shape) => Defects.Draw(shape, Range, StreamOf(place).Split("defects"), Weights.device);

    /// <summary>Conductances (S) as they are where devices work, and where they are stuck elsewhere.</summary>
    public static Tensor Hold(Tensor conductances, Tensor? stuck) => stuck is null ? conductances : where(stuck.isnan(), conductances, stuck);
}

/// <summary>What programming gave.</summary>
/// <param name="Conductances">Conductances of the devices in each place of the cells (S).</param>
/// <param name="Targets">What was asked of them (S), as far as anything was; their conductances elsewhere.</param>
/// <param name="Pulses">Programming pulses that were sent.</param>
/// <param name="Phases">Name and root mean square of the error, relative to the largest weight, after each phase of a scheme that has several.</param>
public sealed record ProgrammedDevices(IReadOnlyList<Tensor> Conductances, IReadOnlyList<Tensor> Targets, long Pulses, IReadOnlyList<(string Name, double Error)> Phases);
