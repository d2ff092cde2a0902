namespace AnalogTorch.Core;

/// <summary>Mean and standard deviation of a random number, worked out in double precision from the equation that describes it.</summary>
/// <remarks>
/// What physics does on average is written twice: in the loops, and as moments, straight from the source of the equation. Moments never call what the
/// loops run, and laws hold the one against the other.
/// </remarks>
/// <param name="Mean">Mean.</param>
/// <param name="Deviation">Standard deviation; 0 where nothing is random.</param>
public readonly record struct Moments(double Mean, double Deviation = 0)
{
    private const double Reach = 8; // standard deviations, beyond which 1e-15 of a normal distribution lies

    /// <summary>The product of two independent numbers.</summary>
    public static Moments operator *(Moments a, Moments b) => Of(
        a.Mean * b.Mean, (a.Mean * a.Mean + a.Deviation * a.Deviation) * (b.Mean * b.Mean + b.Deviation * b.Deviation));

    /// <summary>A function of a standard normal number.</summary>
    public static Moments OfNormal(Func<double, double> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Of(Integral(value, 800), Integral(xi => value(xi) * value(xi), 800));
    }

    /// <summary>A function of two independent standard normal numbers.</summary>
    public static Moments OfNormals(Func<double, double, double> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Of(Integral(xi => Integral(eta => value(xi, eta), 160), 160),
            Integral(xi => Integral(eta => value(xi, eta) * value(xi, eta), 160), 160));
    }

    /// <summary>What a uniform number draws from equally spaced quantiles that are joined by straight lines.</summary>
    public static Moments OfQuantiles(IReadOnlyList<double> quantiles)
    {
        ArgumentNullException.ThrowIfNull(quantiles);
        double sum = 0, squares = 0;
        for (var i = 1; i < quantiles.Count; i++)
        {
            var (a, b) = (quantiles[i - 1], quantiles[i]);
            sum += (a + b) / 2;
            squares += (a * a + a * b + b * b) / 3;
        }
        return Of(sum / (quantiles.Count - 1), squares / (quantiles.Count - 1));
    }

    private static Moments Of(double mean, double meanSquare) => new(mean, Math.Sqrt(Math.Max(meanSquare - mean * mean, 0)));

    /// <summary>The mean of a function of a standard normal number, by Simpson's rule; exact to 1e-4 where the function has a kink.</summary>
    private static double Integral(Func<double, double> value, int intervals)
    {
        var width = 2 * Reach / intervals;
        var sum = 0.0;
        for (var i = 0; i <= intervals; i++)
        {
            var xi = -Reach + width * i;
            sum += (i == 0 || i == intervals ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-xi * xi / 2) * value(xi);
        }
        return sum * width / 3 / Math.Sqrt(2 * Math.PI);
    }
}
