using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace AnalogTorch.Examples;

/// <summary>Axis ticks at round numbers, 1, 2 or 5 times a power of ten, whatever fonts are installed.</summary>
internal static class NiceTicks
{
    /// <summary>Sets an axis's ticks over the range it shows now.</summary>
    public static void Set(IAxis axis, double low, double high, int atMost)
    {
        var least = (high - low) / atMost;
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        var step = new[] { 1, 2, 5, 10 }.Select(factor => factor * power).First(step => step >= least * (1 - 1e-9));
        var decimals = Math.Max(0, (int)-Math.Floor(Math.Log10(step) + 1e-9));
        var large = Math.Max(Math.Abs(low), Math.Abs(high));
        var format = large is < 1e-4 or >= 1e6 ? "0.###e+0" : $"F{Math.Min(decimals, 9)}";
        var ticks = new NumericManual();
        for (var i = Math.Ceiling(low / step - 1e-9); i <= Math.Floor(high / step + 1e-9); i++)
        {
            ticks.AddMajor(i * step, (i * step + 0.0).ToString(format, CultureInfo.InvariantCulture));
        }
        axis.TickGenerator = ticks;
    }
}
