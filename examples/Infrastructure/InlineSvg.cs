using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using ScottPlot;

namespace AnalogTorch.Examples;

/// <summary>Turns a plot into SVG that can stand inside an HTML page.</summary>
/// <remarks>
/// Lines are ScottPlot's; text is written here, as text of the page. So a plot is the same on a computer without any fonts, such as a
/// bare container, and reads in the page's own font and in its colours, light or dark.
/// </remarks>
internal static partial class InlineSvg
{
    private const float LeastLeft = 78, AxisLabel = 40, LetterWidth = 7.2f; // of the text of 13 pixels beside the axes

    /// <summary>Draws the plot, its legend above it; <paramref name="prefix"/> keeps its internal names apart from those of other plots.</summary>
    public static string Of(Plot plot, int width, int height, string prefix)
    {
        var legend = LegendOf(plot);
        var shown = plot.Legend.IsVisible;
        plot.Legend.IsVisible = false;
        plot.Layout.Fixed(Margins(LeastLeft));
        plot.RenderInMemory(width, height); // the ticks are known after that
        plot.Layout.Fixed(Margins(Left(plot)));
        var svg = plot.GetSvgXml(width, height);
        plot.Legend.IsVisible = shown;

        var lines = svg[(svg.IndexOf('>', svg.IndexOf("<svg", StringComparison.Ordinal)) + 1)..svg.LastIndexOf("</svg>", StringComparison.Ordinal)];
        lines = Texts().Replace(lines, "");
        lines = Names().Replace(lines, $"$1{prefix}$2");
        lines = Space().Replace(lines.Replace(Plots.Ink, "currentColor", StringComparison.OrdinalIgnoreCase), "\n");
        return Invariant($"{legend}<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" fill=\"none\" font-size=\"13\">{lines}{Labels(plot, width, height)}</svg>");
    }

    /// <summary>Room for the labels of the left axis, which may be words.</summary>
    private static float Left(Plot plot) =>
        Math.Max(LeastLeft, AxisLabel + LetterWidth * plot.Axes.Left.TickGenerator.Ticks.Where(tick => tick.IsMajor).Select(tick => tick.Label.Length).DefaultIfEmpty().Max());

    private static PixelPadding Margins(float left) => new(left, right: 14, bottom: 54, top: 16);

    private static string Labels(Plot plot, int width, int height)
    {
        var area = plot.LastRender.DataRect;
        var text = new StringBuilder();
        foreach (var tick in plot.Axes.Bottom.TickGenerator.Ticks.Where(tick => tick.IsMajor))
        {
            Add(text, plot.Axes.Bottom.GetPixel(tick.Position, area), area.Bottom + 20, "middle", tick.Label);
        }
        foreach (var tick in plot.Axes.Left.TickGenerator.Ticks.Where(tick => tick.IsMajor))
        {
            Add(text, area.Left - 9, plot.Axes.Left.GetPixel(tick.Position, area) + 4.5, "end", tick.Label);
        }
        foreach (var note in plot.GetPlottables<ScottPlot.Plottables.Text>())
        {
            Add(text, plot.Axes.Bottom.GetPixel(note.Location.X, area), plot.Axes.Left.GetPixel(note.Location.Y, area) - 6, "middle", note.LabelText);
        }
        Add(text, (area.Left + area.Right) / 2, height - 10, "middle", plot.Axes.Bottom.Label.Text, "font-size=\"15\"");
        var middle = (area.Top + area.Bottom) / 2;
        Add(text, 18, middle, "middle", plot.Axes.Left.Label.Text, Invariant($"font-size=\"15\" transform=\"rotate(-90 18 {middle:0.#})\""));
        return text.ToString();
    }

    private static void Add(StringBuilder text, double x, double y, string anchor, string label, string more = "")
    {
        if (label.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\" fill=\"currentColor\" {more}>{WebUtility.HtmlEncode(label)}</text>\n");
        }
    }

    private static string LegendOf(Plot plot)
    {
        if (!plot.Legend.IsVisible)
        {
            return "";
        }
        var items = plot.Legend.GetItems().Where(item => item.LabelText.Length > 0)
            .Select(item => $"<span><i style=\"background:{(item.FillColor.Alpha > 0 ? item.FillColor : item.LineColor).ToHex()}\"></i>{WebUtility.HtmlEncode(item.LabelText)}</span>");
        return $"<div class=\"legend\">{string.Concat(items)}</div>";
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    [GeneratedRegex("<text.*?</text>", RegexOptions.Singleline)]
    private static partial Regex Texts();

    [GeneratedRegex("""(id="|url\(#)(cl_)""")]
    private static partial Regex Names();

    [GeneratedRegex(@"\s*\n\s*")]
    private static partial Regex Space();
}
