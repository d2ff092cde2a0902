using AnalogTorch.Conductance;
using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Extending;

/// <summary>Redundancy: several devices stand in every place, all are written once, and the one that came closest to the target is used.</summary>
/// <remarks>A stuck place is one whose devices are all stuck. Pulses are those of all devices.</remarks>
public sealed record BestOfSeveral : DeviceWiseProgramming
{
    /// <summary>Devices in a place.</summary>
    [Unit("1")]
    public int Devices { get; init => field = Within(value, 1, 1000); } = 4;

    protected override (Tensor Conductances, long Pulses) Write(ProgrammingTask task, int place, Tensor target)
    {
        using var scope = NewDisposeScope();
        var best = task.Memory.Program(target, task.StreamOf(place));
        for (var device = 1; device < Devices; device++)
        {
            var next = task.Memory.Program(target, task.StreamOf(place).Split(device));
            best = where((next - target).abs() < (best - target).abs(), next, best);
        }
        var held = ProgrammingTask.Hold(best, task.Stuck(place, target.shape));
        return (held.MoveToOuterDisposeScope(), Devices * target.NumberOfElements);
    }
}
