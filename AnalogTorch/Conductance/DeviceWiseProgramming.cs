using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>Schemes that bring every device to a conductance of its own, whatever the others of its cell are.</summary>
/// <remarks>To add one, derive a sealed record, and write the devices in one place of the cells.</remarks>
public abstract record DeviceWiseProgramming : ProgrammingScheme
{
    /// <summary>What devices are asked for.</summary>
    public Anticipation Anticipation { get; init => field = NotNull(value); } = new NoAnticipation();

    /// <inheritdoc/>
    public sealed override (double Min, double Max) Range(MemoryStatistics memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return memory.Range;
    }

    /// <inheritdoc/>
    public sealed override ProgrammedDevices Program(ProgrammingTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        using var scope = NewDisposeScope();
        var trialTask = task with { Defects = new NoDefects(), Stream = task.Stream.Split("trial") };
        var ask = Anticipation.For(Try, task.Range, task.Weights.device);
        var targets = task.Map.Targets(task.Weights, task.Range).Select(ask).ToArray();
        var written = targets.Select((target, place) => Write(task, place, target)).ToArray();
        foreach (var tensor in targets.Concat(written.Select(part => part.Conductances)))
            tensor.MoveToOuterDisposeScope();
        return new([.. written.Select(part => part.Conductances)], targets, written.Sum(part => part.Pulses), []);

        Tensor Try(Tensor asked, double time) =>
            task.Memory.Age(Write(trialTask, 0, asked).Conductances, task.Memory.DrawFate(asked, trialTask.Stream.Split("fate")), time);
    }

    /// <inheritdoc/>
    public sealed override Tensor Goal(ProgrammingTask task, ProgrammedDevices devices)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(devices);
        return task.Map.Weights(devices.Targets, task.Span);
    }

    /// <inheritdoc/>
    public sealed override void CheckFit(WeightMap map, MemoryStatistics memory)
    {
        // Devices that can be asked for any conductance suit every map.
    }

    /// <summary>Writes the devices in one place of the cells.</summary>
    /// <param name="task">The array.</param>
    /// <param name="place">The number of the place.</param>
    /// <param name="target">Target conductances (S).</param>
    /// <returns>Conductances (S), and the pulses that were sent.</returns>
    protected abstract (Tensor Conductances, long Pulses) Write(ProgrammingTask task, int place, Tensor target);
}

/// <summary>Every device is written once and not looked at.</summary>
/// <remarks>The conductances scatter by the memory's own programming noise.</remarks>
public sealed record OneShotProgramming : DeviceWiseProgramming
{
    /// <inheritdoc/>
    protected override (Tensor Conductances, long Pulses) Write(ProgrammingTask task, int place, Tensor target) =>
        (ProgrammingTask.Hold(task.Memory.Program(target, task.StreamOf(place)), task.Stuck(place, target.shape)), target.NumberOfElements);
}
