using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace AnalogTorch.Examples;

/// <summary>Axis ticks at round numbers, 1, 2 or 5 times a power of ten, whatever fonts are installed.</summary>
internal static class NiceTicks
{
    /// <summary>Sets an axis's ticks.</summary>
    public static void Set(IAxis axis, double low, double high, int atMost, double leastStep = 0)
    {
        var (positions, labels) = Over(low, high, atMost, leastStep);
        axis.TickGenerator = new NumericManual(positions, labels);
    }

    /// <summary>The ticks in [low, high]: as many as fit, at most one more than asked for, and no closer than the least step.</summary>
    public static (double[] Positions, string[] Labels) Over(double low, double high, int atMost, double leastStep = 0)
    {
        var least = Math.Max((high - low) / atMost, leastStep);
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        var step = new[] { 1, 2, 5, 10 }.Select(factor => factor * power).First(step => step >= least * (1 - 1e-9));
        var large = Math.Max(Math.Abs(low), Math.Abs(high));
        var decimals = Math.Clamp(-(int)Math.Floor(Math.Log10(step) + 1e-9), 0, 9);
        var format = large is < 1e-3 or >= 1e6 ? "0.###e+0" : $"F{decimals}";

        var first = (long)Math.Ceiling(low / step - 1e-9);
        var last = (long)Math.Floor(high / step + 1e-9);
        double[] positions = [.. Enumerable.Range(0, (int)(last - first + 1)).Select(i => (first + i) * step)];
        return (positions, [.. positions.Select(position => position.ToString(format, CultureInfo.InvariantCulture))]);
    }
}
