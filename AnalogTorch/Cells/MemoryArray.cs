using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>The non-volatile devices of one role in an array of cells: written in closed loop, ageing from then on.</summary>
public sealed class MemoryArray
{
    private const string FateOf = "_fate", NowOf = "_now", WrittenOf = "_written", StuckOf = "_stuck";
    private readonly MemoryStatistics memory;
    private readonly ConductanceWriter writer;
    private readonly TensorStore state;
    private readonly string role;
    private readonly bool isStuck;

    /// <summary>Manufactures the devices of a role, all at 0.</summary>
    /// <param name="memory">How they age, and scatter from read to read.</param>
    /// <param name="writer">How they are written.</param>
    /// <param name="defects">Which of them do not work.</param>
    /// <param name="role">The role's name, which prefixes the names of the tensors.</param>
    /// <param name="state">Where the tensors live.</param>
    /// <param name="rng">The stream of the array.</param>
    /// <param name="shape">Outputs × inputs.</param>
    /// <param name="device">Where the tensors live.</param>
    internal MemoryArray(MemoryStatistics memory, ConductanceWriter writer, Defects defects, string role, TensorStore state, Rng rng, long[] shape, torch.Device device)
    {
        (this.memory, this.writer, this.state, this.role) = (memory, writer, state, role);
        state.Add(role, zeros(shape, device: device));
        if (Ages)
        {
            state.Add(role + FateOf, zeros(shape, device: device));
            state.Add(role + NowOf, zeros(shape, device: device));
            state.Add(role + WrittenOf, zeros(1, ScalarType.Float64));
        }
        if (defects.Draw(shape, memory.Range, rng.Split(role).Split("defects"), device) is not { } stuck)
            return;
        isStuck = true;
        state.Add(role + StuckOf, stuck);
        Hold();
    }

    /// <summary>Whether a memory has to be followed through time.</summary>
    /// <param name="memory">The memory.</param>
    public static bool LivesInTime(MemoryStatistics memory) => memory is not StableMemory;

    private bool Ages => LivesInTime(memory);

    /// <summary>Conductances (S) as a read finds them now, the noise of the devices included.</summary>
    public Tensor Now => state[Ages ? role + NowOf : role];

    /// <summary>Conductances (S) as writing left them.</summary>
    public Tensor Written => state[role];

    /// <summary>RESETs all devices and writes them.</summary>
    /// <param name="targets">Target conductances (S); 0 asks for RESET alone.</param>
    /// <param name="age">Age of the array when they are written (s).</param>
    /// <param name="rng">A stream of its own.</param>
    /// <returns>Programming pulses that it took.</returns>
    public long Write(Tensor targets, double age, Rng rng)
    {
        using var scope = NewDisposeScope();
        var (written, pulses) = writer.Write(targets, rng);
        Written.copy_(written);
        if (Ages)
        {
            state[role + FateOf].copy_(memory.DrawFate(targets, rng.Split("fate")));
            state[role + NowOf].copy_(written);
            state[role + WrittenOf].fill_(age);
        }
        Hold();
        return pulses;
    }

    /// <summary>Lets the devices drift to an age of the array, and draws the noise that reads find until the next time.</summary>
    /// <param name="age">Age of the array (s).</param>
    /// <param name="rng">A stream of its own.</param>
    public void Pass(double age, Rng rng)
    {
        if (!Ages)
            return;
        using var scope = NewDisposeScope();
        var time = Math.Max(age - state[role + WrittenOf].item<double>(), 0);
        var aged = memory.Age(Written, state[role + FateOf], time);
        var noise = Noise.Normal(rng.Split(role), aged.shape, aged.device).mul_(memory.ReadDeviation(Written, aged, time));
        state[role + NowOf].copy_(aged.add_(noise).clamp_min_(0f));
        Hold();
    }

    private void Hold()
    {
        if (!isStuck)
            return;
        var stuck = state[role + StuckOf];
        using var scope = NewDisposeScope();
        Written.copy_(where(stuck.isnan(), Written, stuck));
        if (Ages)
            Now.copy_(where(stuck.isnan(), Now, stuck));
    }
}
