using ScottPlot;
using ScottPlot.Plottables;

namespace AnalogTorch.Examples;

/// <summary>A named curve; <paramref name="Std"/> is drawn as a band.</summary>
public sealed record Curve(string Name, double[] X, double[] Y, double[]? Std = null);

/// <summary>A named bar; <paramref name="Std"/> is drawn as an error bar unless it is zero.</summary>
public sealed record Column(string Name, double Value, double Std = 0);

/// <summary>A named sample, drawn as a histogram.</summary>
public sealed record Sample(string Name, double[] Values);

/// <summary>The plots of the reports, all of one look. Axis labels name the unit in brackets.</summary>
public static class Plots
{
    // Ink is replaced by the page's own text colour where the plot is put into a report.
    internal const string Ink = "#2B3037";

    /// <summary>Curves over one axis, such as accuracy per epoch.</summary>
    public static Plot Lines(string xLabel, string yLabel, params IReadOnlyList<Curve> curves)
    {
        var plot = Blank(xLabel, yLabel);
        for (var i = 0; i < curves.Count; i++)
        {
            var (name, x, y, std) = curves[i];
            SameLength(name, x, y);
            if (std is not null)
            {
                SameLength(name, x, std);
                var band = plot.Add.FillY(x, [.. y.Zip(std, (mean, s) => mean - s)], [.. y.Zip(std, (mean, s) => mean + s)]);
                band.FillColor = Hue(name, i).WithAlpha(0.18);
                band.LineWidth = 0;
            }
            var line = plot.Add.Scatter(x, y, Hue(name, i));
            line.LineWidth = Thickness(i, curves.Count);
            line.MarkerSize = x.Length <= 40 ? 6 : 0;
            line.LegendText = name;
        }
        Legend(plot, curves.Count, Alignment.LowerRight);
        return Scaled(plot, leastX: curves.All(curve => curve.X.All(double.IsInteger)) ? 1 : 0); // there is no epoch 1.5
    }

    /// <summary>Response of devices to pulses one after another: conductance over pulse number.</summary>
    public static Plot PulseResponse(string yLabel, params IReadOnlyList<Curve> curves)
    {
        var plot = Lines("pulse number", yLabel, curves);
        foreach (var line in plot.GetPlottables<Scatter>())
        {
            line.MarkerSize = 3;
            line.LineWidth = 1;
        }
        return plot;
    }

    /// <summary>Bars with error bars, such as a ladder of accuracies, each with its value above it.</summary>
    public static Plot Bars(string yLabel, string format, params IReadOnlyList<Column> columns)
    {
        var plot = Blank("", yLabel);
        for (var i = 0; i < columns.Count; i++)
        {
            var (name, value, std) = columns[i];
            plot.Add.Bar(new Bar
            {
                Position = i,
                Value = value,
                FillColor = Hue(name, i),
                Size = 0.6,
                Error = std,
                LineWidth = 1.2f,
                ErrorSize = 0.15,
                LineColor = Color.FromHex(Ink),
            });
            var label = plot.Add.Text(value.ToString(format, System.Globalization.CultureInfo.InvariantCulture), i, value + Math.Max(std, 0));
            label.LabelAlignment = Alignment.LowerCenter;
            label.LabelFontColor = Color.FromHex(Ink);
            label.LabelFontSize = 13;
            label.OffsetY = -4;
        }
        plot.Axes.Bottom.SetTicks([.. columns.Select((_, i) => (double)i)], [.. columns.Select(column => column.Name)]);
        plot.Axes.Bottom.MajorTickStyle.Length = 0;
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.Axes.Margins(0.05, 0.05, 0, 0.15);
        return Scaled(plot, xTicks: false);
    }

    /// <summary>Samples over common bins, overlaid; the height is the share of the sample in the bin.</summary>
    public static Plot Histogram(string xLabel, int bins, params IReadOnlyList<Sample> samples)
    {
        var values = samples.SelectMany(sample => sample.Values).Where(double.IsFinite).DefaultIfEmpty(0);
        var (low, high) = (values.Min(), values.Max());
        if (high <= low)
        {
            (low, high) = (low - 0.5, high + 0.5);
        }
        var width = (high - low) / bins;
        if (values.All(double.IsInteger) && high - low > 1)
        {
            // Counts: bins of as many whole numbers each, or some would hold one more than others.
            width = Math.Ceiling((high - low + 1) / bins);
            low -= 0.5;
            bins = (int)Math.Ceiling((high - low + 0.5) / width);
        }
        double[] edges = [.. Enumerable.Range(0, bins).SelectMany(i => new[] { low + i * width, low + (i + 1) * width })];

        var plot = Blank(xLabel, "share of all [1]");
        for (var s = 0; s < samples.Count; s++)
        {
            var share = new double[2 * bins];
            var finite = samples[s].Values.Where(double.IsFinite).ToArray();
            foreach (var value in finite)
            {
                var bin = Math.Min((int)((value - low) / width), bins - 1);
                share[2 * bin] += 1.0 / finite.Length;
                share[2 * bin + 1] = share[2 * bin];
            }
            var area = plot.Add.FillY(edges, new double[edges.Length], share);
            area.FillColor = Hue(s).WithAlpha(0.3);
            area.LineWidth = 0;
            var outline = plot.Add.Scatter(edges, share, Hue(s));
            outline.MarkerSize = 0;
            outline.LineWidth = 1.5f;
            outline.LegendText = samples[s].Name;
        }
        plot.Axes.Margins(0.02, 0.02, 0, 0.1);
        Legend(plot, samples.Count, Alignment.UpperRight);
        return Scaled(plot);
    }

    /// <summary>One quantity against another, such as weights after against before; the diagonal is where nothing changed.</summary>
    /// <param name="xLabel">What x is, with its unit.</param>
    /// <param name="yLabel">What y is, with its unit.</param>
    /// <param name="x">Values of x.</param>
    /// <param name="y">Values of y.</param>
    /// <param name="points">How many points to draw at most, evenly chosen, so that the report stays small.</param>
    public static Plot Against(string xLabel, string yLabel, double[] x, double[] y, int points = 3000)
    {
        SameLength(yLabel, x, y);
        var stride = Math.Max(1, (x.Length + points - 1) / points);
        var plot = Blank(xLabel, yLabel);
        var drawn = Enumerable.Range(0, x.Length).Where(i => i % stride == 0 && double.IsFinite(x[i]) && double.IsFinite(y[i])).ToArray();
        var low = drawn.Select(i => Math.Min(x[i], y[i])).DefaultIfEmpty(0).Min();
        var high = drawn.Select(i => Math.Max(x[i], y[i])).DefaultIfEmpty(1).Max();
        var identity = plot.Add.Line(low, low, high, high);
        identity.LineColor = Color.FromHex(Ink);
        identity.LineWidth = 1;
        var cloud = plot.Add.ScatterPoints(drawn.Select(i => x[i]).ToArray(), drawn.Select(i => y[i]).ToArray(), Hue(0).WithAlpha(0.45));
        cloud.MarkerSize = 4;
        return Scaled(plot);
    }

    /// <summary>Shows a part of the y axis, such as 0.7 to 1 of a ladder of accuracies.</summary>
    public static Plot Between(this Plot plot, double low, double high)
    {
        plot.Axes.SetLimitsY(low, high);
        NiceTicks.Set(plot.Axes.Left, low, high, atMost: 8);
        return plot;
    }

    internal static Plot Blank(string xLabel, string yLabel)
    {
        var ink = Color.FromHex(Ink);
        var plot = new Plot();
        plot.FigureBackground.Color = Colors.Transparent;
        plot.DataBackground.Color = Colors.Transparent;
        plot.Axes.Color(ink);
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Grid.MajorLineColor = ink.WithAlpha(0.15);
        plot.Legend.IsVisible = false;
        plot.XLabel(xLabel);
        plot.YLabel(yLabel);
        foreach (var axis in new IAxis[] { plot.Axes.Bottom, plot.Axes.Left })
        {
            axis.Label.Bold = false;
            axis.Label.FontSize = 15;
            axis.TickLabelStyle.FontSize = 13;
        }
        return plot;
    }

    private static Plot Scaled(Plot plot, bool xTicks = true, double leastX = 0)
    {
        plot.Axes.AutoScale();
        var limits = plot.Axes.GetLimits();
        if (xTicks)
        {
            NiceTicks.Set(plot.Axes.Bottom, limits.Left, limits.Right, atMost: 10, leastX);
        }
        NiceTicks.Set(plot.Axes.Left, limits.Bottom, limits.Top, atMost: 8);
        return plot;
    }

    internal static void Legend(Plot plot, int entries, Alignment where)
    {
        plot.Legend.IsVisible = entries > 1;
        plot.Legend.Alignment = where;
        plot.Legend.BackgroundColor = Colors.Transparent;
        plot.Legend.OutlineColor = Colors.Transparent;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.FontColor = Color.FromHex(Ink);
        plot.Legend.FontSize = 13;
    }

    /// <summary>Earlier lines are drawn thicker, so that they show on both sides of a later one that covers them.</summary>
    private static float Thickness(int i, int count) => 2 + Math.Min(count - 1 - i, 3);

    internal static Color Hue(int i) => Color.FromHex(MethodColors.Of("", i));

    internal static Color Hue(string name, int i) => Color.FromHex(MethodColors.Of(name, i));

    private static void SameLength(string name, double[] x, double[] y)
    {
        if (x.Length != y.Length)
        {
            throw new ArgumentException($"'{name}' must have as many values on both axes, but has {x.Length} and {y.Length}.");
        }
    }
}
