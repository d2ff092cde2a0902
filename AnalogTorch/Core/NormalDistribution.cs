namespace AnalogTorch.Core;

/// <summary>The standard normal distribution.</summary>
internal static class NormalDistribution
{
    /// <summary>The number below which a standard normal one falls with this probability.</summary>
    public static double Quantile(double probability)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(probability, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(probability, 1);
        if (probability > 0.5)
            return -Quantile(1 - probability);
        // Bisection on the distribution function: 60 halvings of [-40, 0] give full double precision, and nobody waits for it.
        double low = -40, high = 0;
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (Cumulative(middle) < probability)
                low = middle;
            else
                high = middle;
        }
        return (low + high) / 2;
    }

    /// <summary>The probability of a standard normal number below <paramref name="x"/>, to about 1e-15 relative for x ≤ 0.</summary>
    public static double Cumulative(double x)
    {
        if (x > 0)
            return 1 - Cumulative(-x);
        var density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        if (x < -4)
        {
            // Continued fraction of the Mills ratio.
            var fraction = -x;
            for (var k = 60; k >= 1; k--)
                fraction = -x + k / fraction;
            return density / fraction;
        }
        // Series Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/15 + …).
        double term = x, sum = x;
        for (var k = 3; Math.Abs(term) > 1e-17 * Math.Abs(sum); k += 2)
            sum += term *= x * x / k;
        return 0.5 + density * sum;
    }
}
