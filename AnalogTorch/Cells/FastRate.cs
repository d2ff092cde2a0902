using AnalogTorch.Core;

namespace AnalogTorch.Cells;

/// <summary>The rate at which pulse trains move the fast array of a rule that learns on one array and keeps the weight on another (λ_A).</summary>
public abstract record FastRate : HardwareConfig
{
    /// <summary>How far back the means reach over which inputs and errors are followed, as the share that a sample leaves of what came before; 0 where nobody follows them.</summary>
    public abstract double Memory { get; }

    /// <summary>Learning rate of the fast array, whatever the batch holds.</summary>
    /// <param name="rate">Learning rate (λ).</param>
    /// <param name="weightStep">Mean step of the fast array (w) by one pulse (δ_A).</param>
    /// <param name="largestInput">Mean over samples of the largest |x| (μ_x); 0 where nobody follows it.</param>
    /// <param name="largestError">Mean over samples of the largest |δ| (μ_d); 0 where nobody follows it.</param>
    public abstract double Of(double rate, double weightStep, double largestInput, double largestError);
}

/// <summary>A share of the learning rate.</summary>
public sealed record ProportionalRate : FastRate
{
    /// <summary>Factor on the optimizer's learning rate.</summary>
    [Unit("1")]
    public double Share { get; init => field = Positive(value); } = 1;

    /// <inheritdoc/>
    public override double Memory => 0;

    /// <inheritdoc/>
    public override double Of(double rate, double weightStep, double largestInput, double largestError) => Share * rate;
}

/// <summary>A rate that stays the same, whatever the learning rate, which then goes into transfers alone.</summary>
public sealed record ConstantRate : FastRate
{
    /// <summary>Learning rate of the fast array, whatever the batch holds.</summary>
    [Unit("1")]
    public double Rate { get; init => field = Positive(value); } = 0.1;

    /// <inheritdoc/>
    public override double Memory => 0;

    /// <inheritdoc/>
    public override double Of(double rate, double weightStep, double largestInput, double largestError) => Rate;
}

/// <summary>The rate at which the largest product of a sample makes so many pulses on average: λ_A = η₀·l_max·δ_A/(μ_x·μ_d).</summary>
/// <remarks>
/// Rasch et al., Nature Communications 15:7133 (2024), with l_max = 5 and η₀ = 1; μ_x and μ_d are followed with a share of 0.99 a sample, as in IBM
/// aihwkit. Here all
/// samples of a batch have the rate that stands after it, since trains are drawn batch by batch.
/// </remarks>
public sealed record AutomaticRate : FastRate
{
    /// <summary>Pulses of the largest product of a sample (l_max).</summary>
    [Unit("1")]
    public double Pulses { get; init => field = Positive(value); } = 5;

    /// <summary>Factor on the rate (η₀).</summary>
    [Unit("1")]
    public double Gain { get; init => field = Positive(value); } = 1;

    /// <summary>Share of the means that a sample leaves.</summary>
    [Unit("1")]
    public double Kept { get; init => field = Within(value, 0.001, 0.999999); } = 0.99;

    /// <inheritdoc/>
    public override double Memory => Kept;

    /// <inheritdoc/>
    public override double Of(double rate, double weightStep, double largestInput, double largestError) =>
        largestInput * largestError > 0 ? Gain * Pulses * weightStep / (largestInput * largestError) : rate;
}
