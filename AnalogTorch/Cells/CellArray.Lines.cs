using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

// One input line of devices alone, as rules read and pulse them that transfer line after line.
public abstract partial class CellArray
{
    /// <summary>What a read of one line of devices sees [outputs, 1], in the caller's dispose scope.</summary>
    /// <param name="array">The devices.</param>
    /// <param name="line">Which input line.</param>
    protected Tensor ReadLine(DeviceArray array, long line)
    {
        using var scope = NewDisposeScope();
        var planes = array.Line(line);
        var seen = empty_like(planes.Value);
        array.Device.Accept(engine.Read(new PulseTarget { Planes = planes, Weights = seen }, default));
        return seen.MoveToOuterDisposeScope();
    }

    /// <summary>Sends every device of one line its own number of pulses, upward where it is positive; they are counted as programming. Weights are the caller's to work out.</summary>
    /// <param name="array">The devices.</param>
    /// <param name="line">Which input line.</param>
    /// <param name="counts">Numbers of pulses [outputs, 1] (int32).</param>
    /// <param name="rng">A stream of its own.</param>
    protected void ProgramLine(DeviceArray array, long line, Tensor counts, Rng rng)
    {
        using var scope = NewDisposeScope();
        var target = new PulseTarget { Planes = array.Line(line), Weights = empty_like(counts, ScalarType.Float32) };
        array.Device.Accept(engine.Pulse(target, counts, rng));
        array.Return(line, target.Planes);
        CountProgramming(target.Pulses);
    }

    /// <summary>Sends the devices of one line the pulses of trains; they are counted as updates. Weights are the caller's to work out.</summary>
    /// <param name="array">The devices.</param>
    /// <param name="line">Which input line.</param>
    /// <param name="trains">Trains of this line, as <see cref="TrainParts.Line"/> gives them.</param>
    /// <param name="rng">A stream of its own.</param>
    protected void PulseLine(DeviceArray array, long line, TrainPair trains, Rng rng)
    {
        using var scope = NewDisposeScope();
        var planes = array.Line(line);
        var target = new PulseTarget
        {
            Planes = planes with { Value = planes.Value.view(1, -1), Memory = planes.Memory?.view(1, -1) },
            Weights = empty(1, Weights.shape[0], device: Weights.device),
            UpCounts = PulseCounts?.Up.narrow(1, line, 1).contiguous().clone().view(1, -1),
            DownCounts = PulseCounts?.Down.narrow(1, line, 1).contiguous().clone().view(1, -1),
        };
        array.Under(trains.Size).Accept(engine.Update(target, trains, rng));
        array.Return(line, planes);
        if (PulseCounts is { } counts)
        {
            counts.Up.narrow(1, line, 1).copy_(target.UpCounts!.view(-1, 1));
            counts.Down.narrow(1, line, 1).copy_(target.DownCounts!.view(-1, 1));
        }
        State.Counter(PulsesSent) += target.Pulses;
    }

    /// <summary>Counts examples of a batch that was taken at once.</summary>
    protected void CountExamples(long samples) => State.Counter(ExamplesSeen) += samples;

    /// <summary>Works out one line of weights, or of what they are made of, from the values of devices.</summary>
    /// <param name="array">The devices.</param>
    /// <param name="target">How all of them follow.</param>
    /// <param name="line">Which input line.</param>
    protected void ReadLine(DeviceArray array, PulseTarget target, long line)
    {
        using var scope = NewDisposeScope();
        var part = new PulseTarget
        {
            Planes = array.Line(line),
            Weights = empty(target.Weights.shape[0], 1, device: target.Weights.device),
            Other = target.Other?.narrow(1, line, 1).contiguous(),
            Gain = target.Gain,
            OtherGain = target.OtherGain,
        };
        array.Device.Accept(engine.Read(part, default));
        target.Weights.narrow(1, line, 1).copy_(part.Weights);
    }
}
