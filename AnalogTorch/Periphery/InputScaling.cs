using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Periphery;

/// <summary>How inputs are brought into the range of the DAC ("noise management").</summary>
public abstract record InputScaling : HardwareConfig
{
    /// <summary>The factor α by which inputs are divided and outputs multiplied; never 0.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="hasBias">Whether a constant input of 1 is beside them.</param>
    /// <returns>[samples, 1], or one number.</returns>
    public abstract Tensor Of(Tensor x, bool hasBias);

    /// <summary>The factor of one sample in plain numbers, written apart from what tensors are scaled by.</summary>
    /// <param name="x">Inputs of the sample.</param>
    /// <param name="hasBias">Whether a constant input of 1 is beside them.</param>
    public abstract double Factor(ReadOnlySpan<double> x, bool hasBias);

    /// <summary>The scaling as numbers, for a loop that does more than scale; null if it cannot be said in them.</summary>
    public abstract RowScaling? AsRowScaling { get; }
}

/// <summary>Inputs are taken as they come.</summary>
public sealed record NoScaling : InputScaling
{
    /// <inheritdoc/>
    public override Tensor Of(Tensor x, bool hasBias) => ones(1, 1, device: x.device);

    /// <inheritdoc/>
    public override RowScaling? AsRowScaling => new RowScaling(FollowsMaximum: false, 1);

    /// <inheritdoc/>
    public override double Factor(ReadOnlySpan<double> x, bool hasBias) => 1;
}

/// <summary>Each sample is divided by its largest absolute value.</summary>
public sealed record AbsMaxScaling : InputScaling
{
    /// <inheritdoc/>
    public override Tensor Of(Tensor x, bool hasBias)
    {
        if (x.shape[1] == 0)
            return ones(1, 1, device: x.device); // a bias may be alone on a tile
        var max = x.abs().amax([1], keepdim: true);
        return hasBias ? max.clamp_min_(1f) : max.masked_fill_(max == 0, 1f);
    }

    /// <inheritdoc/>
    public override RowScaling? AsRowScaling => new RowScaling(FollowsMaximum: true, 1);

    /// <inheritdoc/>
    public override double Factor(ReadOnlySpan<double> x, bool hasBias)
    {
        var largest = hasBias ? 1.0 : 0;
        foreach (var value in x)
            largest = Math.Max(largest, Math.Abs(value));
        return largest > 0 ? largest : 1;
    }
}

/// <summary>All inputs are divided by the same number.</summary>
public sealed record ConstantScaling : InputScaling
{
    /// <summary>The number (α).</summary>
    [Unit("1")]
    public double Scale { get; init => field = Positive(value); } = 1;

    /// <inheritdoc/>
    public override Tensor Of(Tensor x, bool hasBias) => full([1, 1], (float)Scale, device: x.device);

    /// <inheritdoc/>
    public override RowScaling? AsRowScaling => new RowScaling(FollowsMaximum: false, (float)Scale);

    /// <inheritdoc/>
    public override double Factor(ReadOnlySpan<double> x, bool hasBias) => Scale;
}
