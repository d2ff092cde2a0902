using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>The forms in which published fits of devices come.</summary>
internal static class Curve
{
    /// <summary>c₀ + c₁·x + c₂·x² + …</summary>
    public static Tensor Polynomial(Tensor x, params ReadOnlySpan<double> coefficients)
    {
        var sum = full_like(x, (float)coefficients[^1]);
        for (var i = coefficients.Length - 2; i >= 0; i--)
            sum.mul_(x).add_((float)coefficients[i]);
        return sum;
    }

    /// <summary>min(max(slope·ln x + offset, low), high)</summary>
    public static Tensor ClippedLogarithm(Tensor x, double slope, double offset, double low, double high) =>
        log(x).mul_((float)slope).add_((float)offset).clamp_((float)low, (float)high);
}
