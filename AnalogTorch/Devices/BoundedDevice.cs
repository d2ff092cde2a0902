using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Devices;

/// <summary>A device with a step size and two bounds in normalised weight, each of which varies from element to element.</summary>
/// <remarks>
/// Δw±,d = DwMin·(1 ± β_d + DwMinVariation·ξ_d) with β_d = UpDownBias + UpDownVariation·ξ'_d, and bounds scaled by
/// 1 + BoundVariation·ξ''_d. These are the common parameters of the published resistive-processing-unit models
/// (Gokmen, Vlasov 2016; IBM aihwkit's PulsedDevice, whose defaults these are).
/// </remarks>
public abstract record BoundedDevice : PulsedDevice, IResettable
{
    private const double LeastBound = 0.01; // of the mean bound: a step that is relative to the bound divides by it

    /// <summary>Mean step at zero weight (Δw_min).</summary>
    [Unit("w")]
    public double DwMin { get; init => field = Positive(value); } = 0.001;

    /// <summary>Standard deviation of the step size over elements, relative to the mean.</summary>
    [Unit("1")]
    public double DwMinVariation { get; init => field = NotNegative(value); } = 0.3;

    /// <summary>Mean relative imbalance between up and down steps.</summary>
    [Unit("1")]
    public double UpDownBias { get; init => field = Within(value, -1, 1); }

    /// <summary>Standard deviation of that imbalance over elements.</summary>
    [Unit("1")]
    public double UpDownVariation { get; init => field = NotNegative(value); } = 0.01;

    /// <summary>Mean upper bound of the weight.</summary>
    [Unit("w")]
    public double Max { get; init => field = Positive(value); } = 0.6;

    /// <summary>Mean lower bound of the weight.</summary>
    [Unit("w")]
    public double Min { get; init => field = Within(value, double.MinValue, 0); } = -0.6;

    /// <summary>Standard deviation of the upper bound over elements, relative to its mean.</summary>
    [Unit("1")]
    public double MaxVariation { get; init => field = NotNegative(value); } = 0.3;

    /// <summary>Standard deviation of the lower bound over elements, relative to its mean.</summary>
    [Unit("1")]
    public double MinVariation { get; init => field = NotNegative(value); } = 0.3;

    /// <summary>Standard deviation of a step from pulse to pulse (cycle-to-cycle noise), relative to the step.</summary>
    [Unit("1")]
    public double CycleNoise { get; init => field = NotNegative(value); } = 0.3;

    /// <summary>Mean weight after RESET.</summary>
    [Unit("w")]
    public double ResetMean { get; init => field = Finite(value); }

    /// <summary>Standard deviation of the weight after RESET.</summary>
    [Unit("w")]
    public double ResetSpread { get; init => field = NotNegative(value); } = 0.01;

    /// <inheritdoc/>
    public sealed override (double Min, double Max) Range => (Min, Max);

    /// <summary>What a pulse draws: a normal number unless there is no cycle-to-cycle noise.</summary>
    protected PulseDraw Draw => CycleNoise == 0 ? PulseDraw.None : PulseDraw.Normal;

    /// <inheritdoc/>
    public Tensor AfterReset(Tensor normal) => normal.mul((float)ResetSpread).add_((float)ResetMean).clamp_((float)Min, (float)Max);

    /// <inheritdoc/>
    public sealed override ElementPlanes Manufacture(Rng rng, long[] shape, Device? device = null)
    {
        using var scope = NewDisposeScope();
        var size = Spread(rng, "step", 1, DwMinVariation, shape, device);
        var imbalance = Spread(rng, "imbalance", UpDownBias, UpDownVariation, shape, device);
        var planes = new ElementPlanes(
            Value: zeros(shape, device: device),
            Up: ((size + imbalance) * (float)DwMin).clamp_min_(0f),
            Down: ((size - imbalance) * (float)DwMin).clamp_min_(0f),
            Min: Spread(rng, "min", Min, Math.Abs(Min) * MinVariation, shape, device).clamp_max_((float)(Min * LeastBound)),
            Max: Spread(rng, "max", Max, Max * MaxVariation, shape, device).clamp_min_((float)(Max * LeastBound)),
            Offset: zeros(1, device: device));
        scope.MoveToOuter(planes.Value, planes.Up.Values, planes.Down.Values, planes.Min.Values, planes.Max.Values, planes.Offset.Values);
        return planes;
    }
}
