using AnalogTorch.Core;

namespace AnalogTorch.Verification;

/// <summary>One number that was measured on this computer, beside the one that the equation gives.</summary>
/// <param name="Group">What it is about: <c>devices</c>, <c>memories</c>, …</param>
/// <param name="What">What was measured.</param>
/// <param name="Found">The number that was found.</param>
/// <param name="Expected">What the equation gives.</param>
/// <param name="Margin">How far apart the two may be: where numbers are drawn, they are farther with probability <see cref="SelfTest.FalseAlarm"/> or less.</param>
public sealed record SelfCheck(string Group, string What, double Found, double Expected, double Margin)
{
    /// <summary>Standard errors that a right number is off by with a probability of <see cref="SelfTest.FalseAlarm"/>.</summary>
    internal static readonly double Alarm = NormalDistribution.Quantile(1 - SelfTest.FalseAlarm / 2);

    /// <summary>Whether the two agree.</summary>
    public bool Holds => Math.Abs(Found - Expected) <= Margin;

    /// <summary>The largest difference of a series from what it should be.</summary>
    internal static SelfCheck Largest(string group, string what, IEnumerable<double> differences, double margin) =>
        new(group, what, differences.Select(Math.Abs).DefaultIfEmpty(0).Aggregate((a, b) => double.IsNaN(a) || a > b ? a : b), 0, margin);

    /// <summary>Mean and standard deviation of drawn numbers.</summary>
    /// <param name="group">What it is about.</param>
    /// <param name="what">What was drawn.</param>
    /// <param name="samples">The numbers.</param>
    /// <param name="expected">What the equation gives.</param>
    /// <param name="rounding">What rounding of single precision may do to either.</param>
    internal static IEnumerable<SelfCheck> Moments(string group, string what, IReadOnlyCollection<double> samples, Moments expected, double rounding)
    {
        var mean = samples.Average();
        var variance = samples.Average(value => (value - mean) * (value - mean));
        // Student's and the variance's limits go by the fourth moment that the numbers show, which need not be normal.
        var kurtosis = variance == 0 ? 1 : samples.Average(value => Math.Pow(value - mean, 4)) / (variance * variance);
        var deviation = Math.Sqrt(variance);
        yield return new(group, $"{what}: mean", mean, expected.Mean, Alarm * expected.Deviation / Math.Sqrt(samples.Count) + rounding);
        yield return new(group, $"{what}: deviation", deviation, expected.Deviation,
            Alarm * expected.Deviation * Math.Sqrt(Math.Max(kurtosis - 1, 0) / samples.Count) / 2 * (1 + Alarm / Math.Sqrt(samples.Count)) + rounding);
    }
}
