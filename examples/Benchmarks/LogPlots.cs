using System.Globalization;
using ScottPlot;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Plots over axes of orders of magnitude.</summary>
internal static class LogPlots
{
    private const double ManyOrders = 2.6;

    /// <summary>Curves over two such axes; those of <paramref name="bounds"/> are dashed.</summary>
    public static Plot Curves(string xLabel, string yLabel, IReadOnlyList<Curve> curves, IReadOnlyList<Curve> bounds)
    {
        var plot = Plots.Blank(xLabel, yLabel);
        var all = curves.Concat(bounds).ToArray();
        for (var i = 0; i < all.Length; i++)
        {
            var line = plot.Add.Scatter(Logs(all[i].X), Logs(all[i].Y), Plots.Hue(all[i].Name, i));
            line.LineWidth = i < curves.Count ? 2 : 1.5f;
            line.MarkerSize = i < curves.Count ? 6 : 0;
            line.LinePattern = i < curves.Count ? LinePattern.Solid : LinePattern.Dashed;
            line.LegendText = all[i].Name;
        }
        Plots.Legend(plot, all.Length, Alignment.LowerRight);
        plot.Axes.AutoScale();
        var limits = plot.Axes.GetLimits();
        double[] places = [.. curves.SelectMany(curve => curve.X).Distinct().Order()];
        plot.Axes.Bottom.TickGenerator = places.Length > 8 || limits.Right - limits.Left > ManyOrders
            ? Ticks(limits.Left, limits.Right)
            : new ScottPlot.TickGenerators.NumericManual(Logs(places), [.. places.Select(Label)]); // where something was measured
        plot.Axes.Left.TickGenerator = Ticks(limits.Bottom, limits.Top);
        return plot;
    }

    /// <summary>What was measured beside bound and aim, a line for each row.</summary>
    public static Plot Ratios(string label, IReadOnlyList<(BenchmarkRow Row, RowResult Result)> rows)
    {
        var plot = Plots.Blank(label, "");
        for (var i = 0; i < rows.Count; i++)
        {
            var (row, result) = rows[i];
            var y = rows.Count - 1.0 - i;
            var missed = result.Ratio > row.Bound;
            Bar(plot, row.Bound, y, 0.38, Plots.Hue(3), 2.5f);
            Bar(plot, row.Aim, y, 0.22, Plots.Hue(2), 2.5f);
            var spread = plot.Add.Line(Math.Log10(result.Low), y, Math.Log10(result.High), y);
            spread.LineColor = Plots.Hue(0);
            spread.LineWidth = 2;
            var dot = plot.Add.ScatterPoints(new[] { Math.Log10(result.Ratio) }, [y], Plots.Hue(missed ? 1 : 0));
            dot.MarkerSize = 9;
        }
        plot.Axes.AutoScale();
        var limits = plot.Axes.GetLimits();
        plot.Axes.SetLimitsY(-0.7, rows.Count - 0.3);
        plot.Axes.Bottom.TickGenerator = Ticks(limits.Left, limits.Right);
        plot.Axes.Left.SetTicks([.. rows.Select((_, i) => rows.Count - 1.0 - i)], [.. rows.Select(entry => entry.Row.Name)]);
        return plot;
    }

    private static void Bar(Plot plot, double x, double y, double half, Color color, float width)
    {
        var bar = plot.Add.Line(Math.Log10(x), y - half, Math.Log10(x), y + half);
        bar.LineColor = color;
        bar.LineWidth = width;
    }

    private static double[] Logs(double[] values) => [.. values.Select(Math.Log10)];

    /// <summary>Ticks at 1, 2 and 5 times powers of ten, at powers alone where there are many, at other round numbers where there are few.</summary>
    private static ScottPlot.TickGenerators.NumericManual Ticks(double low, double high)
    {
        int[] digits = high - low > ManyOrders ? [1] : [1, 2, 5];
        var ticks = Enumerable.Range((int)Math.Floor(low), (int)Math.Ceiling(high) - (int)Math.Floor(low) + 1)
            .SelectMany(power => digits.Select(digit => (Place: power + Math.Log10(digit), Value: digit * Math.Pow(10, power))))
            .Where(tick => tick.Place >= low && tick.Place <= high).ToArray();
        if (ticks.Length < 3) // less than a decade: round numbers, however close
        {
            var (positions, labels) = NiceTicks.Over(Math.Pow(10, low), Math.Pow(10, high), 6);
            return new(Logs(positions), labels);
        }
        return new([.. ticks.Select(tick => tick.Place)], [.. ticks.Select(tick => Label(tick.Value))]);
    }

    private static string Label(double value) =>
        value is >= 1e-3 and < 1e6 ? value.ToString("0.###", CultureInfo.InvariantCulture) : value.ToString("0e+0", CultureInfo.InvariantCulture);
}
