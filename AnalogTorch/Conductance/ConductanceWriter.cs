using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>How devices are brought from RESET to target conductances, while a network is trained.</summary>
/// <remarks>To add one, derive a sealed record.</remarks>
public abstract record ConductanceWriter : HardwareConfig
{
    /// <summary>Conductance (S) of a device that was asked for 0, which the other device of a pair has to make up for.</summary>
    public abstract double Residue { get; }

    /// <summary>Most tries for one device, by which the time of writing goes.</summary>
    public abstract int MostTries { get; }

    /// <summary>The conductance (S) that writing gives without scatter: what a cell's witness counts on.</summary>
    /// <param name="target">Target conductance (S); 0 asks for RESET alone.</param>
    public abstract double Expected(double target);

    /// <summary>The conductances after writing.</summary>
    /// <param name="targets">Target conductances (S); 0 asks for RESET alone.</param>
    /// <param name="rng">The stream of this write.</param>
    /// <returns>Conductances (S) of the same shape, and the number of programming pulses spent.</returns>
    public abstract (Tensor Conductances, long Pulses) Write(Tensor targets, Rng rng);
}

/// <summary>Writes exactly what is asked for.</summary>
public sealed record IdealWriter : ConductanceWriter
{
    /// <inheritdoc/>
    public override double Residue => 0;

    /// <inheritdoc/>
    public override int MostTries => 1;

    /// <inheritdoc/>
    public override double Expected(double target) => target;

    /// <inheritdoc/>
    public override (Tensor Conductances, long Pulses) Write(Tensor targets, Rng rng) => (targets.clone(), targets.NumberOfElements);
}

/// <summary>Closed-loop programming by a SET staircase whose duration sets the mean conductance.</summary>
/// <remarks>
/// Each try RESETs the device and sends one ramp-down staircase, 13.6 ns to 4.4 µs long; longer means more conductance, with
/// poor control above 20 µS (Ambrogio et al., Nature 2018, Extended Data Fig. 7). The mean is taken as linear in the logarithm
/// of the duration, so asking for a duration is asking for a mean; the spread is chosen here.
/// </remarks>
public sealed record StaircaseWriter : ConductanceWriter, ICrossChecked
{
    /// <summary>Mean conductance of the shortest staircase.</summary>
    [Unit("S")]
    public double GMin { get; init => field = NotNegative(value); } = 0.5 * Units.uS;

    /// <summary>Highest mean conductance that is asked for.</summary>
    [Unit("S")]
    public double GMax { get; init => field = Positive(value); } = 20 * Units.uS;

    /// <summary>Standard deviation of one try.</summary>
    [Unit("S")]
    public double Spread { get; init => field = NotNegative(value); } = 1.5 * Units.uS;

    /// <summary>Mean conductance above which control is poor.</summary>
    [Unit("S")]
    public double GControlled { get; init => field = Positive(value); } = 20 * Units.uS;

    /// <summary>Standard deviation of one try above <see cref="GControlled"/>.</summary>
    [Unit("S")]
    public double SpreadAbove { get; init => field = NotNegative(value); } = 4 * Units.uS;

    /// <summary>Conductance after RESET.</summary>
    [Unit("S")]
    public double GReset { get; init => field = NotNegative(value); } = 0.1 * Units.uS;

    /// <summary>Physical upper limit of the conductance.</summary>
    [Unit("S")]
    public double GLimit { get; init => field = Positive(value); } = 30 * Units.uS;

    /// <summary>Most tries.</summary>
    [Unit("1")]
    public int Tries { get; init => field = Within(value, 1, 1000); } = 3;

    /// <summary>Error at which a device is left alone.</summary>
    [Unit("S")]
    public double Tolerance { get; init => field = NotNegative(value); } = 0.5 * Units.uS;

    /// <summary>Path through which a try is read, each device by itself, relative to <see cref="GMax"/>.</summary>
    public AnalogPath Reading { get; init => field = NotNull(value); } = new();

    /// <inheritdoc/>
    public override double Residue => GReset;

    /// <inheritdoc/>
    public override int MostTries => Tries;

    /// <inheritdoc/>
    public override double Expected(double target) => target > 0 ? Math.Min(Math.Max(target, GMin), GMax) : GReset;

    /// <inheritdoc/>
    public void Check()
    {
        if (!(GMin <= GMax && GMax <= GLimit && GReset <= GLimit))
            throw new ArgumentException($"StaircaseWriter.GMin, GMax and GLimit must be in ascending order with GReset below GLimit, but are {Units.Format(GMin, "S")}, {Units.Format(GMax, "S")}, {Units.Format(GLimit, "S")} and {Units.Format(GReset, "S")}.");
    }

    /// <inheritdoc/>
    public override (Tensor Conductances, long Pulses) Write(Tensor targets, Rng rng)
    {
        using var scope = NewDisposeScope();
        var written = full_like(targets, (float)GReset);
        var flat = written.view(-1);
        var open = targets.flatten().gt(0).nonzero().squeeze(1); // places of the devices that are still tried
        var pulses = targets.NumberOfElements - open.shape[0]; // one RESET each
        var wanted = targets.flatten().index_select(0, open);
        for (var attempt = 0; attempt < Tries && open.shape[0] > 0; attempt++)
        {
            using var inner = NewDisposeScope();
            pulses += 2 * open.shape[0]; // a RESET and a staircase
            var asked = wanted.clamp((float)GMin, (float)GMax);
            var spread = where(asked > (float)GControlled, (float)SpreadAbove, (float)Spread);
            var outcome = asked.add_(Noise.Normal(rng.Split(attempt), open.shape, targets.device).mul_(spread)).clamp_((float)GReset, (float)GLimit);
            flat.index_copy_(0, open, outcome);
            var missed = ClosedLoop.Read(Reading, outcome, GMax, rng.Split(attempt).Split("read")).sub(wanted).abs_().gt((float)Tolerance).nonzero().squeeze(1);
            (open, wanted) = (open.index_select(0, missed).MoveToOuterDisposeScope(), wanted.index_select(0, missed).MoveToOuterDisposeScope());
        }
        return (written.MoveToOuterDisposeScope(), pulses);
    }
}

/// <summary>Every try programs devices as a memory does in one go, with its scatter as it was measured, and is read; those that missed are programmed again.</summary>
/// <remarks>With one try it is the memory's own programming, whose published scatter is what closed loops of its chip left.</remarks>
public sealed record MemoryWriter : ConductanceWriter
{
    /// <summary>How programming scatters.</summary>
    public MemoryStatistics Memory { get; init => field = NotNull(value); } = new Pcm90nm();

    /// <summary>Conductance after RESET.</summary>
    [Unit("S")]
    public double GReset { get; init => field = NotNegative(value); } = 0.1 * Units.uS;

    /// <summary>Most tries.</summary>
    [Unit("1")]
    public int Tries { get; init => field = Within(value, 1, 1000); } = 1;

    /// <summary>Error at which a device is left alone.</summary>
    [Unit("S")]
    public double Tolerance { get; init => field = NotNegative(value); } = 0.5 * Units.uS;

    /// <summary>Path through which a try is read, each device by itself, relative to the memory's largest conductance.</summary>
    public AnalogPath Reading { get; init => field = NotNull(value); } = new();

    /// <inheritdoc/>
    public override double Residue => GReset;

    /// <inheritdoc/>
    public override int MostTries => Tries;

    /// <inheritdoc/>
    public override double Expected(double target) => target > 0 ? Math.Clamp(target, Memory.Range.Min, Memory.Range.Max) : GReset;

    /// <inheritdoc/>
    public override (Tensor Conductances, long Pulses) Write(Tensor targets, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(targets);
        using var scope = NewDisposeScope();
        var written = full_like(targets, (float)GReset);
        var open = targets.flatten().gt(0).nonzero().squeeze(1);
        var pulses = targets.NumberOfElements - open.shape[0]; // one RESET each
        var wanted = targets.flatten().index_select(0, open);
        for (var attempt = 0; attempt < Tries && open.shape[0] > 0; attempt++)
        {
            using var inner = NewDisposeScope();
            pulses += 2 * open.shape[0]; // a RESET and what programs
            var outcome = Memory.Program(wanted.clamp((float)Memory.Range.Min, (float)Memory.Range.Max), rng.Split(attempt));
            written.view(-1).index_copy_(0, open, outcome);
            var missed = ClosedLoop.Read(Reading, outcome, Memory.Range.Max, rng.Split(attempt).Split("read")).sub(wanted).abs_().gt((float)Tolerance).nonzero().squeeze(1);
            (open, wanted) = (open.index_select(0, missed).MoveToOuterDisposeScope(), wanted.index_select(0, missed).MoveToOuterDisposeScope());
        }
        return (written.MoveToOuterDisposeScope(), pulses);
    }
}

/// <summary>The reads of closed loops.</summary>
internal static class ClosedLoop
{
    /// <summary>Conductances (S) as a path gives them, each device by itself on its line.</summary>
    public static Tensor Read(AnalogPath path, Tensor conductances, double full, Rng rng) => path.IsExact
        ? conductances
        : path.Read(ones(1, 1, device: conductances.device), (conductances / (float)full).unsqueeze(1), null, rng).view(-1).mul_((float)full);
}
