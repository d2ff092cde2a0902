using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Extending;

/// <summary>A converter with fine levels near zero and coarse ones near its end, as telephones have them.</summary>
/// <remarks>The µ-law of ITU-T G.711: c(x) = sgn(x)·ln(1 + µ|x|/b)/ln(1 + µ), rounded to 2^Bits − 2 equal steps, and expanded again.</remarks>
public sealed record CompandingConverter : Converter
{
    /// <summary>Resolution.</summary>
    [Unit("1")]
    public int Bits { get; init => field = Within(value, 2, 24); } = 8;

    /// <summary>Largest value that comes through, and the negative of the smallest (b).</summary>
    [Unit("1")]
    public double Bound { get; init => field = Positive(value); } = 1;

    /// <summary>How much finer levels near zero are (µ).</summary>
    [Unit("1")]
    public double Companding { get; init => field = Within(value, 1e-3, 1e5); } = 255;

    private double Steps => ((1 << Bits) - 2) / 2;

    /// <summary>Levels that are not equally spaced cannot be said in numbers, so reads are slow, and the report of a conversion says so.</summary>
    public override Quantizer? AsQuantizer => null;

    public override Tensor Convert(Tensor values, Rng rng)
    {
        using var scope = NewDisposeScope();
        var range = Math.Log(1 + Companding);
        var share = (values.abs() * (float)(Companding / Bound)).log1p_().mul_((float)(Steps / range)).round_().clamp_max_((float)Steps);
        return share.mul_((float)(range / Steps)).expm1_().mul_((float)(Bound / Companding)).mul_(values.sign()).MoveToOuterDisposeScope();
    }

    /// <summary>The same in plain numbers, as the formula above has it: what laws hold the tensors against.</summary>
    public override Moments Transfer(double value)
    {
        var level = Math.Round(Steps * Math.Log(1 + Companding * Math.Min(Math.Abs(value), Bound) / Bound) / Math.Log(1 + Companding));
        return new(Math.Sign(value) * Bound / Companding * (Math.Pow(1 + Companding, level / Steps) - 1));
    }

    public override Tensor Clips(Tensor values) => values.abs() > (float)Bound;
}
