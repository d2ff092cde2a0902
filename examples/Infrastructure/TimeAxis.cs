using System.Globalization;
using AnalogTorch.Core;
using ScottPlot;

namespace AnalogTorch.Examples;

/// <summary>Times after programming, from seconds to years.</summary>
internal static class TimeAxis
{
    /// <summary>The label of such an axis.</summary>
    public const string Label = "time after programming [logarithmic]";

    private static readonly (double Seconds, string Name)[] Marks =
    [
        (1, "1 s"), (Units.Minute, "1 min"), (Units.Hour, "1 h"), (Units.Day, "1 day"), (30 * Units.Day, "30 days"), (Units.Year, "1 year"), (10 * Units.Year, "10 years"),
    ];

    /// <summary>A time in the unit that people use for it.</summary>
    public static string Text(double seconds)
    {
        foreach (var (unit, name) in new[] { (Units.Year, "year"), (Units.Day, "day") })
            if (seconds >= unit * 0.999)
                return seconds / unit is var count && Math.Abs(count - 1) < 0.005 ? $"1 {name}" : $"{Number(count)} {name}s";
        foreach (var (unit, name) in new[] { (Units.Hour, "h"), (Units.Minute, "min") })
            if (seconds >= unit * 0.999)
                return $"{Number(seconds / unit)} {name}";
        return Units.Format(seconds, "s");
    }

    /// <summary>Marks the axis of a plot whose places are decimal logarithms of seconds.</summary>
    public static Plot OnTimes(this Plot plot)
    {
        var limits = plot.Axes.GetLimits();
        var shown = Marks.Where(mark => Math.Log10(mark.Seconds) is var place && place >= limits.Left - 1e-9 && place <= limits.Right + 1e-9).ToArray();
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual([.. shown.Select(mark => Math.Log10(mark.Seconds))], [.. shown.Select(mark => mark.Name)]);
        return plot;
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
