using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Devices;

/// <summary>A device of so many states whose steps follow a response function q₊(w), q₋(w) between two bounds of its own.</summary>
/// <remarks>
/// Δw± = ±α±·(q±(w) + CycleNoise·ξ), with α± = δ·(γ_d ± ρ_d), γ_d = exp(StepVariation·ξ), ρ_d = UpDownBias + UpDownVariation·ξ, δ = 2·Bound/States,
/// and bounds
/// Bound·max(1 + BoundVariation·ξ, 0.01) and −Bound·max(1 + BoundVariation·ξ, 0.01). With <see cref="LinearResponse"/> it is Eq. 4 of Rasch et al.,
/// Nature
/// Communications 15:7133 (2024); the other responses are those of Wu et al. (NeurIPS 2024 and 2025).
/// </remarks>
public sealed record ResponseDevice : PulsedDevice
{
    private const double LeastBound = 0.01; // of the mean bound, by which responses divide

    /// <summary>How steps shrink towards the bounds.</summary>
    public ResponseFunction Response { get; init => field = NotNull(value); } = new LinearResponse();

    /// <summary>Steps of the size at zero weight that the nominal range is wide (n_states).</summary>
    [Unit("1")]
    public double States { get; init => field = Within(value, 1, 1e9); } = 100;

    /// <summary>Mean of the upper bound, and of the lower one without its sign (τ).</summary>
    [Unit("w")]
    public double Bound { get; init => field = Positive(value); } = 1;

    /// <summary>Standard deviation of either bound over elements, relative to its mean (σ_b).</summary>
    [Unit("1")]
    public double BoundVariation { get; init => field = NotNegative(value); } = 0.3;

    /// <summary>Standard deviation of the logarithm of the step size over elements (σ_d2d).</summary>
    [Unit("1")]
    public double StepVariation { get; init => field = Within(value, 0, 3); } = 0.3;

    /// <summary>Mean imbalance between up and down steps (mean of ρ).</summary>
    [Unit("1")]
    public double UpDownBias { get; init => field = Within(value, -1, 1); }

    /// <summary>Standard deviation of that imbalance over elements (σ_±).</summary>
    [Unit("1")]
    public double UpDownVariation { get; init => field = NotNegative(value); } = 0.1;

    /// <summary>Standard deviation of a step from pulse to pulse, relative to the step at zero weight (σ_c2c).</summary>
    [Unit("1")]
    public double CycleNoise { get; init => field = NotNegative(value); } = 0.3;

    /// <summary>Step at zero weight of an element without variation (δ).</summary>
    public double Step => 2 * Bound / States;

    /// <inheritdoc/>
    /// <remarks>The mean of exp(StepVariation·ξ) is exp(StepVariation²/2).</remarks>
    public override double NominalStep => Math.Min(Step * Math.Exp(StepVariation * StepVariation / 2), 2 * Bound);

    /// <inheritdoc/>
    public override (double Min, double Max) Range => (-Bound, Bound);

    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor) =>
        Response.Accept(visitor, (float)CycleNoise, CycleNoise == 0 ? PulseDraw.None : PulseDraw.Normal);

    /// <inheritdoc/>
    public override Moments StepMoments(in ElementState element, bool isUpward)
    {
        var size = isUpward ? element.Up : element.Down;
        var left = Math.Max(1 - element.Value / (isUpward ? element.Max : element.Min), 0);
        return new((isUpward ? size : -size) * Response.Share(left), CycleNoise * size);
    }

    /// <inheritdoc/>
    public override ElementPlanes Manufacture(Rng rng, long[] shape, Device? device = null)
    {
        using var scope = NewDisposeScope();
        var size = Spread(rng, "step", 0, StepVariation, shape, device).exp_();
        var imbalance = Spread(rng, "imbalance", UpDownBias, UpDownVariation, shape, device);
        var planes = new ElementPlanes(
            Value: zeros(shape, device: device),
            Up: ((size + imbalance) * (float)Step).clamp_min_(0f),
            Down: ((size - imbalance) * (float)Step).clamp_min_(0f),
            Min: Spread(rng, "min", 1, BoundVariation, shape, device).clamp_min_((float)LeastBound).mul_((float)-Bound),
            Max: Spread(rng, "max", 1, BoundVariation, shape, device).clamp_min_((float)LeastBound).mul_((float)Bound),
            Offset: zeros(1, device: device));
        scope.MoveToOuter(planes.Value, planes.Up.Values, planes.Down.Values, planes.Min.Values, planes.Max.Values, planes.Offset.Values);
        return planes;
    }
}
