using System.Globalization;

namespace AnalogTorch.Examples;

/// <summary>How sure a figure is: 95 % intervals.</summary>
internal static class Confidence
{
    private const double Normal = 1.959964; // of which 97.5 % of a normal distribution lie below

    /// <summary>Wilson's interval of a share that was counted.</summary>
    /// <remarks>(p + z²/2n ± z·√(p(1−p)/n + z²/4n²))/(1 + z²/n); E. B. Wilson, J. Am. Stat. Assoc. 22:209 (1927).</remarks>
    /// <param name="share">The share, from 0 to 1.</param>
    /// <param name="count">How many were counted.</param>
    public static (double Low, double High) Wilson(double share, long count)
    {
        var square = Normal * Normal / count;
        var middle = share + square / 2;
        var half = Normal * Math.Sqrt(share * (1 - share) / count + square / (4 * count));
        return (Math.Max(0, (middle - half) / (1 + square)), Math.Min(1, (middle + half) / (1 + square)));
    }

    /// <summary>Half of the interval of a mean over runs, by Student's distribution.</summary>
    /// <param name="values">Two values or more.</param>
    public static double OfMean(IReadOnlyList<double> values) => Student(values.Count - 1) * Numbers.Deviation(values) / Math.Sqrt(values.Count);

    /// <summary>Half of the interval of a difference of two shares, each counted on as many, as if on different ones.</summary>
    public static double OfDifference(double one, double other, long count) => Normal * Math.Sqrt((one * (1 - one) + other * (1 - other)) / count);

    /// <summary>The place that 97.5 % of Student's distribution lie below.</summary>
    /// <remarks>Exact for one and two degrees of freedom; then Cornish and Fisher's expansion (Abramowitz and Stegun 26.7.5).</remarks>
    /// <param name="degrees">Degrees of freedom, from 1.</param>
    public static double Student(int degrees)
    {
        const double Share = 0.975;
        if (degrees == 1)
            return Math.Tan(Math.PI * (Share - 0.5));
        if (degrees == 2)
            return (2 * Share - 1) / Math.Sqrt(2 * Share * (1 - Share));
        var (z, n) = (Normal, (double)degrees);
        var (z3, z5, z7, z9) = (Math.Pow(z, 3), Math.Pow(z, 5), Math.Pow(z, 7), Math.Pow(z, 9));
        return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n)
            + (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92160 * Math.Pow(n, 4));
    }

    /// <summary>A share in percent with what is known of it: ± over repeated runs, Wilson's interval of a single one.</summary>
    /// <param name="values">The share of each run.</param>
    /// <param name="count">How many were counted in a run.</param>
    public static string Percent(IReadOnlyList<double> values, long count)
    {
        if (values.Count > 1)
            return string.Create(CultureInfo.InvariantCulture, $"{100 * values.Average():F2} ± {100 * Numbers.Deviation(values):F2} %");
        var (low, high) = Wilson(values[0], count);
        return string.Create(CultureInfo.InvariantCulture, $"{100 * values[0]:F2} % [{100 * low:F1}, {100 * high:F1}]");
    }

    /// <summary>Values with ± if they are repeated.</summary>
    public static string Plain(IReadOnlyList<double> values, string format) =>
        values.Count > 1 ? $"{Numbers.Text(values.Average(), format)} ± {Numbers.Text(Numbers.Deviation(values), format)}" : Numbers.Text(values[0], format);
}

/// <summary>A difference of shares, and half of its interval.</summary>
/// <param name="Value">The difference; above 0 is better.</param>
/// <param name="Half">Half of its 95 % interval.</param>
internal sealed record Difference(double Value, double Half)
{
    /// <summary>Whether the interval leaves out 0.</summary>
    public bool IsSure => Math.Abs(Value) > Half;

    /// <summary>The difference of two ways, run against run where there are several, else by the counts of one run.</summary>
    /// <param name="ofWay">Shares of a way.</param>
    /// <param name="ofReference">Shares of what it is compared to, in the order of the same runs.</param>
    /// <param name="count">How many were counted in a run.</param>
    public static Difference Of(IReadOnlyList<double> ofWay, IReadOnlyList<double> ofReference, long count)
    {
        double[] differences = [.. ofWay.Zip(ofReference, (one, other) => one - other)];
        return differences.Length > 1
            ? new(differences.Average(), Confidence.OfMean(differences))
            : new(differences[0], Confidence.OfDifference(ofWay[0], ofReference[0], count));
    }

    /// <summary>The difference of a mean over evaluations from one figure.</summary>
    /// <param name="mean">Mean share of the evaluations.</param>
    /// <param name="deviation">Their standard deviation.</param>
    /// <param name="evaluations">How many they are.</param>
    /// <param name="reference">The share that they are compared to.</param>
    /// <param name="count">How many were counted in each.</param>
    public static Difference Of(double mean, double deviation, int evaluations, double reference, long count) => evaluations > 1
        ? new(mean - reference, Confidence.Student(evaluations - 1) * deviation / Math.Sqrt(evaluations))
        : new(mean - reference, Confidence.OfDifference(mean, reference, count));

    /// <summary>The difference in percentage points, if it is sure.</summary>
    public override string ToString() => IsSure ? string.Create(CultureInfo.InvariantCulture, $"{100 * Value:+0.00;−0.00} pp") : "not told apart";
}
