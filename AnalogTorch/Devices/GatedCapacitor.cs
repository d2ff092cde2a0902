using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Devices;

/// <summary>A capacitor on the gate of a read transistor (3T1C): one transistor charges, one discharges, one is read.</summary>
/// <remarks>
/// The value is the gate voltage V. A read sees g(V) = Transconductance·max(V − Vt, 0) with Vt of the cell. A pulse moves V by
/// +ΔV(1+ε_u)(1 − λ(V−V₀)) or −ΔV(1+ε_d)(1 + λ(V−V₀)). Left alone, V creeps to RestVoltage. Start and rest voltage are those
/// of Ambrogio et al., Nature 2018, Extended Data Fig. 9; the sources of mismatch are those of its Fig. 10; the numbers for
/// transconductance, mismatch and step are chosen here to agree with them.
/// </remarks>
public sealed record GatedCapacitor : PulsedDevice, IResettable, ILeaking, ICrossChecked
{
    /// <summary>Slope of the read transistor's conductance over gate voltage, above threshold (k).</summary>
    [Unit("S/V")]
    public double Transconductance { get; init => field = Positive(value); } = 30.8 * Units.uS;

    /// <summary>Mean threshold voltage of the read transistor.</summary>
    [Unit("V")]
    public double Threshold { get; init => field = NotNegative(value); } = 0.35;

    /// <summary>Standard deviation of the threshold over cells.</summary>
    [Unit("V")]
    public double ThresholdMismatch { get; init => field = NotNegative(value); } = 25 * Units.mV;

    /// <summary>Mean change of voltage by a pulse at the start voltage (ΔV).</summary>
    [Unit("V")]
    public double VoltageStep { get; init => field = Positive(value); } = 2.5 * Units.mV;

    /// <summary>Standard deviation of the charging and of the discharging step over cells, relative (ε).</summary>
    [Unit("1")]
    public double StepMismatch { get; init => field = NotNegative(value); } = 0.2;

    /// <summary>Dependence of the steps on the voltage (λ).</summary>
    [Unit("1/V")]
    public double StepSlope { get; init => field = NotNegative(value); } = 0.3;

    /// <summary>Standard deviation of a step from pulse to pulse, relative to the step.</summary>
    [Unit("1")]
    public double CycleNoise { get; init => field = NotNegative(value); }

    /// <summary>Voltage after RESET and after a transfer (V₀).</summary>
    [Unit("V")]
    public double StartVoltage { get; init => field = NotNegative(value); } = 0.5;

    /// <summary>Lowest voltage.</summary>
    [Unit("V")]
    public double MinVoltage { get; init => field = NotNegative(value); } = 0.35;

    /// <summary>Highest voltage.</summary>
    [Unit("V")]
    public double MaxVoltage { get; init => field = Positive(value); } = 1.0;

    /// <summary>What the voltage does when the cell is left alone.</summary>
    public Leakage Leakage { get; init => field = NotNull(value); } = new ExponentialLeakage();

    /// <summary>Share of a step that a pulse makes: how long it charges, over how long a full one does.</summary>
    internal double Share { get; init; } = 1;

    /// <inheritdoc/>
    public override double NominalStep => Transconductance * VoltageStep;

    /// <inheritdoc/>
    public override (double Min, double Max) Range => (Conductance(MinVoltage), Conductance(MaxVoltage));

    /// <summary>What a read sees at a gate voltage, without mismatch.</summary>
    /// <param name="voltage">Gate voltage (V).</param>
    /// <returns>Conductance (S).</returns>
    public double Conductance(double voltage) => Transconductance * Math.Max(voltage - Threshold, 0);

    /// <inheritdoc/>
    public override PulsedDevice UnderPulses(double size) => this with { Share = size };

    /// <inheritdoc/>
    public void Check()
    {
        if (!(MinVoltage <= StartVoltage && StartVoltage <= MaxVoltage))
            throw new ArgumentException($"GatedCapacitor.StartVoltage must be between MinVoltage and MaxVoltage, but is {Units.Format(StartVoltage, "V")} with {Units.Format(MinVoltage, "V")} and {Units.Format(MaxVoltage, "V")}.");
        if (StepSlope * Math.Max(StartVoltage - MinVoltage, MaxVoltage - StartVoltage) > 1)
            throw new ArgumentException($"GatedCapacitor.StepSlope must leave steps their sign between MinVoltage and MaxVoltage, but is {StepSlope} /V; take at most {1 / Math.Max(StartVoltage - MinVoltage, MaxVoltage - StartVoltage):G3} /V.");
    }

    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor) => visitor.Visit(
        new Step((float)Share, (float)StepSlope, (float)StartVoltage, (float)CycleNoise, (float)Transconductance),
        CycleNoise == 0 ? PulseDraw.None : PulseDraw.Normal);

    /// <inheritdoc/>
    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        var above = StepSlope * (element.Value - StartVoltage);
        var mean = Share * (isUpward ? element.Up * (1 - above) : -element.Down * (1 + above));
        return new(mean, CycleNoise * Math.Abs(mean));
    }

    /// <inheritdoc/>
    public override double ValueSeen(in ElementState element) =>
        element.Value > element.Offset ? Transconductance * (element.Value - element.Offset) : 0;

    /// <inheritdoc/>
    public Tensor AfterReset(Tensor normal) => full_like(normal, (float)StartVoltage);

    /// <inheritdoc/>
    public override ElementPlanes Manufacture(Rng rng, long[] shape, Device? device = null) => new(
        Value: full(shape, (float)StartVoltage, device: device),
        Up: Spread(rng, "charge", VoltageStep, VoltageStep * StepMismatch, shape, device).clamp_min_(0f),
        Down: Spread(rng, "discharge", VoltageStep, VoltageStep * StepMismatch, shape, device).clamp_min_(0f),
        Min: full(1, (float)MinVoltage, device: device),
        Max: full(1, (float)MaxVoltage, device: device),
        Offset: Spread(rng, "threshold", Threshold, ThresholdMismatch, shape, device));

    private readonly struct Step(float share, float slope, float start, float noise, float transconductance) : IPulseStep<Step>
    {
        private readonly float transconductance = transconductance;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            share * cell.Up * (1f - slope * (value - start)) * T.MultiplyAdd(noise, draw, 1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            -share * cell.Down * (1f + slope * (value - start)) * T.MultiplyAdd(noise, draw, 1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Read<T>(in Step step, T value, in Cell<T> cell) where T : struct, ILane<T> =>
            step.transconductance * T.Max(value - cell.Offset, 0f);
    }
}
