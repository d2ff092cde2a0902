using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Kernels;

namespace AnalogTorch.Devices;

/// <summary>A device whose step depends exponentially on the weight.</summary>
/// <remarks>
/// z = 2a·w/(w_max − w_min) + b; Δw± = ±Δw±,d·max(1 − A±·exp(±γ±·z), 0), plus noise of standard deviation
/// CycleNoise·(|Δw| + NoiseFloor + NoiseSlope·|w|). Fitted to ReRAM by Gong et al. (2018); the PCM fit is IBM aihwkit's.
/// </remarks>
public sealed record ExpStep : BoundedDevice
{
    /// <summary>Amplitude of the up exponential (A_up).</summary>
    [Unit("1")]
    public double UpAmplitude { get; init => field = Finite(value); } = 0.00081;

    /// <summary>Amplitude of the down exponential (A_down).</summary>
    [Unit("1")]
    public double DownAmplitude { get; init => field = Finite(value); } = 0.36833;

    /// <summary>Rate of the up exponential (γ_up).</summary>
    [Unit("1")]
    public double UpRate { get; init => field = Finite(value); } = 12.44625;

    /// <summary>Rate of the down exponential (γ_down).</summary>
    [Unit("1")]
    public double DownRate { get; init => field = Finite(value); } = 12.78785;

    /// <summary>Scale of the weight in the exponent (a).</summary>
    [Unit("1")]
    public double Scale { get; init => field = Finite(value); } = 0.244;

    /// <summary>Shift of the weight in the exponent (b).</summary>
    [Unit("1")]
    public double Shift { get; init => field = Finite(value); } = 0.2425;

    /// <summary>Part of the noise that does not depend on step or weight.</summary>
    [Unit("w")]
    public double NoiseFloor { get; init => field = NotNegative(value); }

    /// <summary>Part of the noise that grows with the weight.</summary>
    [Unit("1")]
    public double NoiseSlope { get; init => field = NotNegative(value); }

    /// <inheritdoc/>
    /// <remarks>Mean of both directions at zero weight; of the upward one alone where zero is the lower bound.</remarks>
    public override double NominalStep
    {
        get
        {
            var up = (1 + UpDownBias) * Math.Max(1 - UpAmplitude * Math.Exp(UpRate * Shift), 0);
            var down = (1 - UpDownBias) * Math.Max(1 - DownAmplitude * Math.Exp(-DownRate * Shift), 0);
            return DwMin * (Min == 0 ? up : (up + down) / 2);
        }
    }

    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor) => visitor.Visit(
        new Step
        {
            UpAmplitude = (float)UpAmplitude,
            DownAmplitude = (float)DownAmplitude,
            UpRate = (float)UpRate,
            DownRate = (float)DownRate,
            Scale = (float)(2 * Scale),
            Shift = (float)Shift,
            Noise = (float)CycleNoise,
            Floor = (float)NoiseFloor,
            Slope = (float)NoiseSlope,
        },
        Draw);

    /// <inheritdoc/>
    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        var z = 2 * Scale * element.Value / (element.Max - element.Min) + Shift;
        var mean = isUpward
            ? element.Up * Math.Max(1 - UpAmplitude * Math.Exp(UpRate * z), 0)
            : -element.Down * Math.Max(1 - DownAmplitude * Math.Exp(-DownRate * z), 0);
        return new(mean, CycleNoise * (Math.Abs(mean) + NoiseFloor + NoiseSlope * Math.Abs(element.Value)));
    }

    private readonly struct Step : IPulseStep<Step>
    {
        public required float UpAmplitude { get; init; }
        public required float DownAmplitude { get; init; }
        public required float UpRate { get; init; }
        public required float DownRate { get; init; }
        public required float Scale { get; init; }
        public required float Shift { get; init; }
        public required float Noise { get; init; }
        public required float Floor { get; init; }
        public required float Slope { get; init; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T>
        {
            var mean = cell.Up * T.Max(1f - UpAmplitude * T.Exp(UpRate * Exponent(value, cell)), 0f);
            return mean + draw * Deviation(mean, value);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T>
        {
            var mean = -cell.Down * T.Max(1f - DownAmplitude * T.Exp(-DownRate * Exponent(value, cell)), 0f);
            return mean + draw * Deviation(mean, value);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private T Exponent<T>(T value, in Cell<T> cell) where T : struct, ILane<T> => value * (Scale / (cell.Max - cell.Min)) + Shift;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private T Deviation<T>(T mean, T value) where T : struct, ILane<T> => Noise * (T.Abs(mean) + Floor + Slope * T.Abs(value));
    }
}
