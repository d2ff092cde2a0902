using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>Finds the factors by which the parts of a sum were multiplied, from one vector that the sum gives.</summary>
internal static class GradientFactors
{
    /// <summary>Rounding of float32 sums, relative to the sizes of their parts.</summary>
    private const double Tolerance = 2e-5;

    private const int MostParts = 256; // beyond which single factors are not looked for

    /// <summary>The factors: all 1, all the same, or, by least squares, one a part.</summary>
    /// <param name="sum">What the sum gives [outputs], float64; null for nothing.</param>
    /// <param name="parts">What each part gives [outputs], float64, and a bound on its own sums.</param>
    /// <returns>One factor a part; null if no factors explain the sum.</returns>
    public static double[]? Find(Tensor? sum, (Tensor Values, double Scale)[] parts)
    {
        if (sum is null)
            return [.. parts.Select(_ => 0.0)];
        if (!sum.isfinite().all().item<bool>())
            return null;
        var allowed = Tolerance * parts.Sum(part => part.Scale) + 1e-30;
        if (parts.Length == 0)
            return sum.norm().item<double>() <= allowed ? [] : null;
        using var scope = NewDisposeScope();
        var values = stack([.. parts.Select(part => part.Values)], 1);
        var whole = values.sum(1L);
        if ((sum - whole).norm().item<double>() <= allowed)
            return [.. parts.Select(_ => 1.0)];
        var size = whole.dot(whole).item<double>();
        var common = size > 0 ? sum.dot(whole).item<double>() / size : 0;
        if ((sum - whole * common).norm().item<double>() <= allowed * Math.Max(Math.Abs(common), 1e-6))
            return [.. parts.Select(_ => common)];
        if (parts.Length is 1 or > MostParts)
            return null;
        var single = linalg.lstsq(values, sum.unsqueeze(1)).Solution.squeeze(1);
        return (sum - values.mv(single)).norm().item<double>() <= allowed * Math.Max(single.abs().max().item<double>(), 1e-6) ? [.. single.data<double>()] : null;
    }
}
