using System.Globalization;
using System.Text.Json.Nodes;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The table in words, figures and a plot.</summary>
internal static class BenchmarkReport
{
    /// <summary>Columns of the table.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["row", "what", "ratio", "quartiles", "by CPU time", "bound", "aim", "digital step", "analog", "verdict", "beside it"];

    /// <summary>The cells of a row that was measured.</summary>
    public static string[] Cells(BenchmarkRow row, RowResult result) =>
    [
        row.Name, row.What,
        Ratio(row, result.Ratio),
        row.Unit == BenchmarkRow.Times ? Invariant($"{result.Low:G3} … {result.High:G3}") : "",
        Figure(result, "ratio_cpu", "×"),
        Ratio(row, row.Bound), Ratio(row, row.Aim),
        Time(result.DigitalSeconds), Time(result.AnalogSeconds),
        Verdict(row, result),
        string.Join(", ", result.Figures.Where(figure => double.IsFinite(figure.Value) && figure.Name != "ratio_cpu").Select(Beside)),
    ];

    /// <summary>The cells of a row that was not measured yet.</summary>
    public static string[] Empty(BenchmarkRow row, string doing) =>
        [row.Name, row.What, "", doing, "", Ratio(row, row.Bound), Ratio(row, row.Aim), "", "", "", ""];

    /// <summary>The row of <c>metrics.json</c>.</summary>
    public static JsonObject Metrics(BenchmarkRow row, RowResult result)
    {
        var metrics = new JsonObject
        {
            ["name"] = row.Name,
            ["ratio"] = Number(result.Ratio),
            ["ratio_low"] = Number(result.Low),
            ["ratio_high"] = Number(result.High),
            ["bound"] = row.Bound,
            ["aim"] = row.Aim,
            ["digital_seconds"] = Number(result.DigitalSeconds),
            ["analog_seconds"] = Number(result.AnalogSeconds),
            ["unit"] = row.Unit,
            ["within_bound"] = result.Ratio <= row.Bound,
            ["within_aim"] = result.Ratio <= row.Aim,
        };
        foreach (var (name, value) in result.Figures)
            metrics[name] = Number(value);
        return metrics;
    }

    /// <summary>Writes the table and the plot of what is done.</summary>
    public static void Write(HtmlReport report, Machine machine, IReadOnlyList<(BenchmarkRow Row, RowResult Result)> done)
    {
        report.Heading("Machine").Facts(machine.Facts);
        if (done.Count == 0)
            return;
        report.Heading("Analog against digital")
            .Text("A digital step is TorchSharp's own Linear, its backward pass to weights, bias and inputs, and plain SGD: same shapes, same threads, same run. "
                + "The two sides take turns in small segments; the ratio is the median over pairs of segments, with the quartiles beside it. Times are those of one step.")
            .Table(Columns, done.Select(entry => Cells(entry.Row, entry.Result)))
            .Plot(LogPlots.Ratios("analog ÷ digital, or bytes per weight [1]", done), "Dots: what was measured, with quartiles, blue within the bound and orange beyond it. Long bars: the bound; short bars: the aim.", height: 90 + 26 * done.Count);
    }

    private static string Verdict(BenchmarkRow row, RowResult result) =>
        result.Ratio <= row.Aim ? "aim reached" : result.Ratio <= row.Bound ? "within bound" : "MISSED";

    private static string Ratio(BenchmarkRow row, double value) => Invariant($"{value:G3}") + (row.Unit == BenchmarkRow.Times ? "×" : " B");

    private static string Figure(RowResult result, string name, string unit) =>
        result.Figures.Where(figure => figure.Name == name && double.IsFinite(figure.Value)).Select(figure => Invariant($"{figure.Value:G3}{unit}")).FirstOrDefault("");

    private static string Beside((string Name, double Value) figure) => Invariant($"{figure.Name.Replace('_', ' ')} {figure.Value:#,0.####}");

    private static string Time(double seconds) => seconds switch
    {
        double.NaN => "",
        < 1e-3 => Invariant($"{seconds * 1e6:F0} µs"),
        < 1 => Invariant($"{seconds * 1e3:F2} ms"),
        _ => Invariant($"{seconds:F2} s"),
    };

    private static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
