using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>Every device is written, read, and written again until it is close enough.</summary>
/// <remarks>
/// A try scatters by the memory's programming noise around what it asks for, which is the target less what the last try was off by on the side
/// that was missed, times Correction. Devices are programmed one by one on a chip, so their number of tries is what it costs.
/// </remarks>
public sealed record WriteVerifyProgramming : DeviceWiseProgramming
{
    /// <summary>Error of a device, relative to the largest conductance, at which it is left alone.</summary>
    [Unit("1")]
    public double Tolerance { get; init => field = Positive(value); } = 0.01;

    /// <summary>Most tries per device.</summary>
    [Unit("1")]
    public int Tries { get; init => field = Within(value, 1, 10_000); } = 20;

    /// <summary>Share of the last error that the next try makes up for.</summary>
    [Unit("1")]
    public double Correction { get; init => field = Within(value, 0, 1); } = 0.2;

    /// <summary>Standard deviation of a reading, relative to the largest conductance.</summary>
    [Unit("1")]
    public double ReadingNoise { get; init => field = NotNegative(value); } = 0.002;

    /// <inheritdoc/>
    protected override (Tensor Conductances, long Pulses) Write(ProgrammingTask task, int place, Tensor target)
    {
        var pulses = 0L;
        using var scope = NewDisposeScope();
        var (stuck, stream, largest) = (task.Stuck(place, target.shape), task.StreamOf(place), task.Range.Max);
        var (asked, value) = (target.clone(), zeros_like(target));
        var open = ones_like(target, ScalarType.Bool);
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            using var inner = NewDisposeScope();
            pulses += open.sum().item<long>();
            value.copy_(where(open, ProgrammingTask.Hold(task.Memory.Program(asked, stream.Split(attempt)), stuck), value));
            var error = value - target;
            if (ReadingNoise > 0)
                error = error + Noise.Normal(stream.Split("read").Split(attempt), target.shape, target.device) * (float)(ReadingNoise * largest);
            open.logical_and_(error.abs() > (float)(Tolerance * largest));
            if (!open.any().item<bool>())
                break;
            asked.sub_(error * (float)Correction * open).clamp_((float)task.Range.Min, (float)largest);
        }
        return (value.MoveToOuterDisposeScope(), pulses);
    }
}
