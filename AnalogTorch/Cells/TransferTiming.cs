using AnalogTorch.Core;

namespace AnalogTorch.Cells;

/// <summary>How long a transfer takes, during which capacitors leak and devices drift.</summary>
public abstract record TransferTiming : HardwareConfig
{
    /// <summary>Time in which all weights are read (s).</summary>
    /// <param name="lines">Lines of the array, which are read one after another.</param>
    public abstract double Reading(long lines);

    /// <summary>Time in which all pairs are written (s).</summary>
    /// <param name="lines">Lines of the array, which are written one after another.</param>
    /// <param name="tries">Most tries for a device, each of which is read.</param>
    public abstract double Writing(long lines, int tries);

    /// <summary>Time of one round of correction (s).</summary>
    /// <param name="lines">Lines of the array, which are corrected one after another.</param>
    /// <param name="pulses">Most pulses that a cell receives.</param>
    public abstract double Correcting(long lines, int pulses);
}

/// <summary>A transfer takes no time.</summary>
public sealed record InstantTransfer : TransferTiming
{
    /// <inheritdoc/>
    public override double Reading(long lines) => 0;

    /// <inheritdoc/>
    public override double Writing(long lines, int tries) => 0;

    /// <inheritdoc/>
    public override double Correcting(long lines, int pulses) => 0;
}

/// <summary>Line after line is read, then written, then corrected; all devices of a line at once.</summary>
/// <remarks>
/// Reading takes L·t_read, writing L·tries·(t_write + t_read), a round of correction L·(t_read + pulses·t_pulse) for L lines: the hardware does not wait for one line
/// less because its devices are done early. A read takes 250 ns as in Joshi et al., Nature Communications 11:2473 (2020); the longest staircase 4.4 µs as in
/// Ambrogio et al., Nature 2018, Extended Data Fig. 7; a pulse on the capacitor 0.5 ns as in the public model of NeuroSim.
/// </remarks>
public sealed record LineByLine : TransferTiming
{
    /// <summary>Duration of one read of a line.</summary>
    [Unit("s")]
    public double ReadTime { get; init => field = NotNegative(value); } = 250 * Units.ns;

    /// <summary>Duration of the longest programming pulse, with the RESET before it.</summary>
    [Unit("s")]
    public double WriteTime { get; init => field = NotNegative(value); } = 4.4 * Units.us;

    /// <summary>Duration of one pulse that charges or discharges a capacitor.</summary>
    [Unit("s")]
    public double PulseTime { get; init => field = NotNegative(value); } = 0.5 * Units.ns;

    /// <inheritdoc/>
    public override double Reading(long lines) => lines * ReadTime;

    /// <inheritdoc/>
    public override double Writing(long lines, int tries) => lines * tries * (WriteTime + ReadTime);

    /// <inheritdoc/>
    public override double Correcting(long lines, int pulses) => lines * (ReadTime + pulses * PulseTime);
}
