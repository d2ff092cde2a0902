using AnalogTorch.Energy;
using ScottPlot;

namespace AnalogTorch.Examples.Energy;

/// <summary>Plots of cost.</summary>
internal static class EnergyPlots
{
    /// <summary>Bars made of components, one above the other.</summary>
    public static Plot Stacked(string yLabel, IReadOnlyList<(string Name, Dictionary<CostComponent, double> Parts)> bars)
    {
        var plot = Plots.Blank("", yLabel);
        var components = Enum.GetValues<CostComponent>().Where(component => bars.Any(bar => bar.Parts.GetValueOrDefault(component) > 0)).ToArray();
        var heights = new double[bars.Count];
        foreach (var (index, component) in components.Index())
        {
            var parts = bars.Select((bar, i) =>
            {
                var from = heights[i];
                heights[i] += bar.Parts.GetValueOrDefault(component);
                return new Bar { Position = i, ValueBase = from, Value = heights[i], FillColor = Plots.Hue(index), LineColor = Plots.Hue(index), Size = 0.6, LineWidth = 0 };
            }).ToArray();
            plot.Add.Bars(parts).LegendText = component.ToString().ToLowerInvariant();
        }
        plot.Axes.Margins(0.05, 0.05, 0, 0.05);
        plot.Axes.AutoScale();
        var limits = plot.Axes.GetLimits();
        plot.Axes.SetLimitsX(-0.6, bars.Count + 0.9); // room for the legend
        plot.Axes.Bottom.SetTicks([.. bars.Select((_, i) => (double)i)], [.. bars.Select(bar => bar.Name)]);
        plot.Axes.Bottom.MajorTickStyle.Length = 0;
        plot.Grid.XAxisStyle.IsVisible = false;
        if (bars.Count > 7)
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = -25;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleRight;
            plot.Axes.Bottom.MinimumSize = 90;
        }
        NiceTicks.Set(plot.Axes.Left, limits.Bottom, limits.Top, atMost: 8);
        Plots.Legend(plot, Math.Max(components.Length, 2), Alignment.UpperRight);
        return plot;
    }

    /// <summary>Named points over two axes in orders of magnitude, a colour for each group.</summary>
    public static Plot Cloud(string xLabel, string yLabel, IReadOnlyList<(string Name, (string Name, double X, double Y)[] Points)> groups)
    {
        var plot = Plots.Blank(xLabel, yLabel);
        foreach (var (index, (name, points)) in groups.Index())
        {
            var dots = plot.Add.ScatterPoints(points.Select(point => Math.Log10(point.X)).ToArray(), [.. points.Select(point => Math.Log10(point.Y))], Plots.Hue(index));
            dots.MarkerSize = 9;
            dots.LegendText = name;
            foreach (var near in points.GroupBy(point => (Math.Round(Math.Log10(point.X), 1), Math.Round(Math.Log10(point.Y), 1))))
            {
                var (point, count) = (near.First(), near.Count());
                var text = plot.Add.Text(count == 1 ? point.Name : $"{point.Name} and {count - 1} more", Math.Log10(point.X), Math.Log10(point.Y));
                text.LabelAlignment = index == 0 ? Alignment.LowerLeft : Alignment.UpperLeft;
                text.LabelFontColor = Plots.Hue(index);
                text.LabelFontSize = 11;
                text.OffsetX = 6;
            }
        }
        plot.Axes.Margins(0.2, 0.1);
        plot.Axes.AutoScale();
        foreach (var axis in new IAxis[] { plot.Axes.Bottom, plot.Axes.Left })
        {
            int[] powers = [.. Enumerable.Range(-6, 13).Where(power => power >= axis.Min && power <= axis.Max)];
            axis.TickGenerator = new ScottPlot.TickGenerators.NumericManual([.. powers.Select(power => (double)power)], [.. powers.Select(power => Math.Pow(10, power).ToString("G", System.Globalization.CultureInfo.InvariantCulture))]);
        }
        Plots.Legend(plot, groups.Count, Alignment.LowerRight);
        return plot;
    }

    /// <summary>Points by group, and a line through those that none beats.</summary>
    public static Plot Pareto(string xLabel, string yLabel, IReadOnlyList<(string Name, (double X, double Y)[] Points)> groups, (double X, double Y)[] best)
    {
        var plot = Plots.Blank(xLabel, yLabel);
        var line = plot.Add.Scatter(best.Select(point => point.X).ToArray(), [.. best.Select(point => point.Y)], Color.FromHex(Plots.Ink));
        line.LineWidth = 1.5f;
        line.MarkerSize = 0;
        foreach (var (index, (name, points)) in groups.Index())
        {
            var dots = plot.Add.ScatterPoints(points.Select(point => point.X).ToArray(), [.. points.Select(point => point.Y)], Plots.Hue(index));
            dots.MarkerSize = 9;
            dots.LegendText = name;
        }
        plot.Axes.AutoScale();
        var limits = plot.Axes.GetLimits();
        NiceTicks.Set(plot.Axes.Bottom, limits.Left, limits.Right, atMost: 10);
        NiceTicks.Set(plot.Axes.Left, limits.Bottom, limits.Top, atMost: 8);
        Plots.Legend(plot, groups.Count, Alignment.LowerRight);
        return plot;
    }
}
