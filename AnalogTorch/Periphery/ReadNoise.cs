using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Periphery;

/// <summary>Noise of the devices while they are read, new at every read.</summary>
public abstract record ReadNoise : HardwareConfig
{
    /// <summary>
    /// The noise as a number, for a loop that does more than add it: the standard deviation that every output has, whatever inputs and weights are, in units of
    /// a weight of 1 times an input of 1; null if it depends on them.
    /// </summary>
    public abstract double? AsOutputNoise { get; }

    /// <summary>Adds the noise that a product of inputs with noisy weights has, in place.</summary>
    /// <param name="y">Outputs [samples, outputs].</param>
    /// <param name="x">Inputs as the DAC gives them [samples, inputs].</param>
    /// <param name="weights">Effective weights [outputs, inputs].</param>
    /// <param name="rng">The stream of this read.</param>
    public abstract void Add(Tensor y, Tensor x, Tensor weights, Rng rng);

    /// <summary>Standard deviation of one output in plain numbers, written apart from what is added to tensors and held against it by laws.</summary>
    /// <param name="x">Inputs as the DAC gives them.</param>
    /// <param name="weights">Effective weights of the output.</param>
    public abstract double OutputDeviation(ReadOnlySpan<double> x, ReadOnlySpan<double> weights);
}

/// <summary>Devices without noise.</summary>
public sealed record NoReadNoise : ReadNoise
{
    /// <inheritdoc/>
    public override double? AsOutputNoise => 0;

    /// <inheritdoc/>
    public override void Add(Tensor y, Tensor x, Tensor weights, Rng rng)
    {
    }

    /// <inheritdoc/>
    public override double OutputDeviation(ReadOnlySpan<double> x, ReadOnlySpan<double> weights) => 0;
}

/// <summary>Every weight is off by the same standard deviation: the outputs by σ·‖x‖.</summary>
public sealed record AdditiveReadNoise : ReadNoise
{
    /// <summary>Standard deviation of a weight (σ).</summary>
    [Unit("w")]
    public double Deviation { get; init => field = NotNegative(value); } = 0.02;

    /// <inheritdoc/>
    public override double? AsOutputNoise => null;

    /// <inheritdoc/>
    public override void Add(Tensor y, Tensor x, Tensor weights, Rng rng)
    {
        using var scope = NewDisposeScope();
        y.add_(Noise.Normal(rng, y.shape, y.device) * x.square().sum([1], keepdim: true).sqrt_().mul_((float)Deviation));
    }

    /// <inheritdoc/>
    public override double OutputDeviation(ReadOnlySpan<double> x, ReadOnlySpan<double> weights)
    {
        var variance = 0.0;
        foreach (var input in x)
            variance += Math.Pow(Deviation * input, 2); // Var(Σ w·x) = σ²·Σ x²
        return Math.Sqrt(variance);
    }
}

/// <summary>The variance of a weight is proportional to its magnitude: the outputs are off by σ·√(Σ|w|x²).</summary>
/// <remarks>Read noise of phase-change memory as in IBM aihwkit; the variance is one product with |W|.</remarks>
public sealed record ProportionalReadNoise : ReadNoise
{
    /// <summary>Standard deviation of a weight of 1 (σ).</summary>
    [Unit("w")]
    public double Deviation { get; init => field = NotNegative(value); } = 0.0175;

    /// <inheritdoc/>
    public override double? AsOutputNoise => null;

    /// <inheritdoc/>
    public override void Add(Tensor y, Tensor x, Tensor weights, Rng rng)
    {
        using var scope = NewDisposeScope();
        y.add_(Noise.Normal(rng, y.shape, y.device) * nn.functional.linear(x.square(), weights.abs()).sqrt_().mul_((float)Deviation));
    }

    /// <inheritdoc/>
    public override double OutputDeviation(ReadOnlySpan<double> x, ReadOnlySpan<double> weights)
    {
        var variance = 0.0;
        for (var j = 0; j < x.Length; j++)
            variance += Deviation * Deviation * Math.Abs(weights[j]) * x[j] * x[j]; // Var(w) = σ²·|w|
        return Math.Sqrt(variance);
    }
}
