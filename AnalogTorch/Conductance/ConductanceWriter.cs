using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>How devices are brought from RESET to target conductances, while a network is trained.</summary>
/// <remarks>To add one, derive a sealed record.</remarks>
public abstract record ConductanceWriter : HardwareConfig
{
    /// <summary>Conductance (S) of a device that was asked for 0, which the other device of a pair has to make up for.</summary>
    public abstract double Residue { get; }

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

    /// <inheritdoc/>
    public override double Residue => GReset;

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
            var missed = outcome.sub_(wanted).abs_().gt((float)Tolerance).nonzero().squeeze(1);
            (open, wanted) = (open.index_select(0, missed).MoveToOuterDisposeScope(), wanted.index_select(0, missed).MoveToOuterDisposeScope());
        }
        return (written.MoveToOuterDisposeScope(), pulses);
    }
}
