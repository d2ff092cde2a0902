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
}

/// <summary>Lines without resistance.</summary>
public sealed record NoIrDrop : IrDrop
{
    /// <inheritdoc/>
    public override void Subtract(Tensor y, Tensor x, Tensor weights)
    {
    }
}

/// <summary>The fast model of one output line.</summary>
/// <remarks>
/// a = n·Σ|w||x|/ConductanceRatio, c = 0.05a³ − 0.2a² + 0.5a, y ← y − Strength·c·Σ w·x·(1 − (1 − j/n)²) with j counted from the ADC:
/// the cubic of IBM aihwkit.
/// </remarks>
public sealed record ColumnIrDrop : IrDrop
{
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
        var c = ((0.05f * a - 0.2f) * a + 0.5f) * a;
        var far = 1f - (arange(n, ScalarType.Float32, x.device) / n);
        y.sub_(c * nn.functional.linear(x * (1f - far * far), weights) * (float)Strength);
    }
}
