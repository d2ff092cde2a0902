using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Devices;

/// <summary>A phase-change device under partial SET pulses, whose conductance accumulates; only RESET lowers it, abruptly.</summary>
/// <remarks>
/// A programming history P, 1 after RESET, decays by exp(−1/α) a pulse; the pulse then adds a step of mean m₁G + c₁ + A₁P and
/// standard deviation m₂G + c₂ + A₂P (Nandakumar et al., J. Appl. Phys. 2018, doped-GST cells; constants as in the public
/// srnn-pcm code). A downward pulse does nothing: the pair of devices makes the sign.
/// </remarks>
public sealed record PcmSet : PulsedDevice, IResettable, ICrossChecked
{
    /// <summary>Highest conductance.</summary>
    [Unit("S")]
    public double GMax { get; init => field = Positive(value); } = 20 * Units.uS;

    /// <summary>Mean conductance after RESET.</summary>
    [Unit("S")]
    public double GReset { get; init => field = NotNegative(value); } = 0.1 * Units.uS;

    /// <summary>Standard deviation of the conductance after RESET.</summary>
    [Unit("S")]
    public double GResetSpread { get; init => field = NotNegative(value); } = 0.01 * Units.uS;

    /// <summary>Pulses over which the programming history fades by e (α).</summary>
    [Unit("1")]
    public double HistoryLength { get; init => field = Positive(value); } = 2.6;

    /// <summary>Mean step's dependence on conductance (m₁).</summary>
    [Unit("1")]
    public double MeanSlope { get; init => field = Finite(value); } = -0.084;

    /// <summary>Mean step at zero conductance, without history (c₁).</summary>
    [Unit("S")]
    public double MeanStep { get; init => field = NotNegative(value); } = 0.880 * Units.uS;

    /// <summary>Mean step added by a fresh history (A₁).</summary>
    [Unit("S")]
    public double MeanHistory { get; init => field = NotNegative(value); } = 1.40 * Units.uS;

    /// <summary>Deviation's dependence on conductance (m₂).</summary>
    [Unit("1")]
    public double NoiseSlope { get; init => field = NotNegative(value); } = 0.091;

    /// <summary>Deviation at zero conductance, without history (c₂).</summary>
    [Unit("S")]
    public double NoiseStep { get; init => field = NotNegative(value); } = 0.260 * Units.uS;

    /// <summary>Deviation added by a fresh history (A₂).</summary>
    [Unit("S")]
    public double NoiseHistory { get; init => field = NotNegative(value); } = 2.15 * Units.uS;

    /// <summary>Mean step in mid range, by which update rules count pulses (ε).</summary>
    [Unit("S")]
    public double Granularity { get; init => field = Positive(value); } = 0.75 * Units.uS;

    /// <inheritdoc/>
    public override bool IsInSiemens => true;

    /// <inheritdoc/>
    public override double NominalStep => Granularity;

    /// <inheritdoc/>
    public override (double Min, double Max) Range => (GReset, GMax);

    /// <inheritdoc/>
    public void Check()
    {
        if (GReset > GMax)
            throw new ArgumentException($"PcmSet.GReset must not exceed GMax, but is {Units.Format(GReset, "S")} over {Units.Format(GMax, "S")}.");
    }

    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor) => visitor.Visit(
        new Step
        {
            Fade = (float)Math.Exp(-1 / HistoryLength),
            MeanSlope = (float)MeanSlope,
            MeanStep = (float)MeanStep,
            MeanHistory = (float)MeanHistory,
            NoiseSlope = (float)NoiseSlope,
            NoiseStep = (float)NoiseStep,
            NoiseHistory = (float)NoiseHistory,
        },
        NoiseSlope + NoiseStep + NoiseHistory == 0 ? PulseDraw.None : PulseDraw.Normal);

    /// <inheritdoc/>
    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        if (!isUpward)
            return default;
        var (g, history) = (element.Value, element.Memory / Math.Exp(1 / HistoryLength));
        return new(MeanStep + MeanSlope * g + MeanHistory * history, NoiseStep + NoiseSlope * g + NoiseHistory * history);
    }

    /// <inheritdoc/>
    public Tensor AfterReset(Tensor normal) => normal.mul((float)GResetSpread).add_((float)GReset).clamp_min_(0f);

    /// <inheritdoc/>
    public override ElementPlanes Manufacture(Rng rng, long[] shape, Device? device = null) => new(
        Value: AfterReset(Noise.Normal(rng.Split("reset"), shape, device)),
        Up: full(1, (float)NominalStep, device: device),
        Down: zeros(1, device: device),
        Min: full(1, (float)GReset, device: device),
        Max: full(1, (float)GMax, device: device),
        Offset: zeros(1, device: device),
        Memory: ones(shape, device: device));

    private readonly struct Step : IPulseStep<Step>
    {
        public required float Fade { get; init; }
        public required float MeanSlope { get; init; }
        public required float MeanStep { get; init; }
        public required float MeanHistory { get; init; }
        public required float NoiseSlope { get; init; }
        public required float NoiseStep { get; init; }
        public required float NoiseHistory { get; init; }

        public static bool HasMemory => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Remember<T>(in Step step, T memory) where T : struct, ILane<T> => memory * step.Fade;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            MeanSlope * value + MeanStep + MeanHistory * memory + (NoiseSlope * value + NoiseStep + NoiseHistory * memory) * draw;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> => 0f;
    }
}
