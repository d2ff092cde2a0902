using System.Globalization;
using AnalogTorch.Core;

namespace AnalogTorch.Verification;

/// <summary>What a self-test found.</summary>
/// <param name="Checks">Every check, in order.</param>
/// <param name="Time">How long it took.</param>
public sealed record SelfTestReport(IReadOnlyList<SelfCheck> Checks, TimeSpan Time)
{
    /// <summary>Whether everything holds.</summary>
    public bool Holds => Checks.All(check => check.Holds);

    /// <summary>What does not hold.</summary>
    public IEnumerable<SelfCheck> Failures => Checks.Where(check => !check.Holds);

    /// <summary>Probability that at least one check of a computer that does everything right fails, at most.</summary>
    public double FalseAlarm => Math.Min(1, Checks.Count * SelfTest.FalseAlarm);

    /// <summary>A table with a line for each group, and one for each check that fails.</summary>
    public override string ToString()
    {
        List<string[]> lines = [["group", "checks", "failed", "nearest to its margin"]];
        foreach (var group in Checks.GroupBy(check => check.Group))
        {
            var nearest = group.MaxBy(check => check.Margin == 0 ? 0 : Math.Abs(check.Found - check.Expected) / check.Margin)!;
            lines.Add([group.Key, Text(group.Count()), Text(group.Count(check => !check.Holds)), nearest.What]);
        }
        var failures = Failures.Select(check => string.Create(CultureInfo.InvariantCulture, $"{check.Group}: {check.What} must be {check.Expected:G6} ± {check.Margin:G3}, but is {check.Found:G6}."));
        return string.Join(Environment.NewLine, [TextTable.Of(lines, column => column is 1 or 2).ToString().TrimEnd(), .. failures]);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
