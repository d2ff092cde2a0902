using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Periphery;

/// <summary>Loss of voltage along the resistive lines of an array.</summary>
public abstract record IrDrop : HardwareConfig
{
    /// <summary>Takes the loss off the outputs, in place.</summary>
    /// <param name="y">Outputs without loss [samples, outputs].</param>
    /// <param name="x">Inputs as the DAC gives them [samples, inputs]; input 0 is the nearest to the ADC.</param>
    /// <param name="weights">Effective weights [outputs, inputs], of which 1 is the largest conductance.</param>
    public abstract void Subtract(Tensor y, Tensor x, Tensor weights);

    /// <summary>The loss of one output in plain numbers, written apart from what is taken off tensors and held against it by laws.</summary>
    /// <param name="x">Inputs as the DAC gives them; input 0 is the nearest to the ADC.</param>
    /// <param name="weights">Effective weights of the output.</param>
    public abstract double Loss(ReadOnlySpan<double> x, ReadOnlySpan<double> weights);
}

/// <summary>Lines without resistance.</summary>
public sealed record NoIrDrop : IrDrop
{
    /// <inheritdoc/>
    public override void Subtract(Tensor y, Tensor x, Tensor weights)
    {
    }

    /// <inheritdoc/>
    public override double Loss(ReadOnlySpan<double> x, ReadOnlySpan<double> weights) => 0;
}

/// <summary>The fast model of one output line.</summary>
/// <remarks>
/// a = n·Σ|w||x|/ConductanceRatio, c = min(0.05a³ − 0.2a² + 0.5a, 1.5·(1 − tanh(√a)/√a)), y ← y − Strength·c·Σ w·x·(1 − (1 − j/n)²) with j counted
/// from the ADC. The cubic is that of IBM aihwkit, for a up to 2 or so: where a line of many cells has the same current in each, it is within 3 %
/// of what Kirchhoff's laws say up to a = 1.53, and takes off more than there is from a = 3.6 on. From a = 1.53 on, c is what those laws say, the
/// second term. Where Strength·c exceeds 1 (a = 9 at Strength 1), the farthest cell gives nothing, and what the others give shrinks by the share
/// 2·(Strength·c − 1): no cell ever counts with another sign, nor with more than w·x. Against the circuit, for Strength 1 and 64 cells or more,
/// what is left of Σ w·x is wrong by at most 2 % of Σ|w·x| where currents are even or drawn at random along the line, whatever a is. Where they all
/// enter at its far end, it is wrong by up to 14 %, most at a of 1. Inputs are taken to be on for the share |x| of the time; those that are coded
/// as voltages load the line all the time, and lose more: at mean |x| of 1/2 twice as much. The lines of the inputs have no resistance.
/// </remarks>
public sealed record ColumnIrDrop : IrDrop
{
    private const double LeastOfLaw = 1.5; // just below the place at which the cubic leaves it

    /// <summary>Factor on the loss; 1 is the physical one.</summary>
    [Unit("1")]
    public double Strength { get; init => field = NotNegative(value); } = 1;

    /// <summary>Conductance of the line between two cells over the largest conductance of a cell: 1/(0.35 Ω·5 µS).</summary>
    [Unit("1")]
    public double ConductanceRatio { get; init => field = Positive(value); } = 571_428.57;

    /// <inheritdoc/>
    public override void Subtract(Tensor y, Tensor x, Tensor weights)
    {
        using var scope = NewDisposeScope();
        var n = weights.shape[1];
        var a = nn.functional.linear(x.abs(), weights.abs()) * (n / ConductanceRatio);
        var share = LossOfFarthest(a) * (float)Strength;
        var far = 1f - (arange(n, ScalarType.Float32, x.device) / n);
        var loss = share.clamp_max(1f) * nn.functional.linear(x * (1f - far * far), weights);
        var ofRest = ((share - 1f) * 2f).clamp_(0f, 1f);
        if (ofRest.any().item<bool>())
            loss += ofRest * (nn.functional.linear(x, weights) - loss);
        y.sub_(loss);
    }

    /// <inheritdoc/>
    public override double Loss(ReadOnlySpan<double> x, ReadOnlySpan<double> weights)
    {
        double current = 0, whole = 0, weighted = 0;
        for (var j = 0; j < x.Length; j++)
        {
            current += Math.Abs(weights[j]) * Math.Abs(x[j]);
            whole += weights[j] * x[j];
            weighted += weights[j] * x[j] * (1 - Math.Pow(1 - (double)j / x.Length, 2));
        }
        var a = x.Length * current / ConductanceRatio;
        var cubic = 0.05 * a * a * a - 0.2 * a * a + 0.5 * a;
        var c = Strength * (a < LeastOfLaw ? cubic : Math.Min(cubic, 1.5 * (1 - Math.Tanh(Math.Sqrt(a)) / Math.Sqrt(a))));
        // Each output keeps Σ w·x less its share, of which beyond c = 1 only 1 − 2·(c − 1) is left.
        var kept = (whole - Math.Min(c, 1) * weighted) * (1 - Math.Clamp(2 * (c - 1), 0, 1));
        return whole - kept;
    }

    private static Tensor LossOfFarthest(Tensor a)
    {
        var root = a.clamp_min(LeastOfLaw).sqrt_();
        return minimum(((0.05f * a - 0.2f) * a + 0.5f) * a, (1f - root.tanh() / root) * 1.5f);
    }
}
