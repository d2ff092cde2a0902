using System.Globalization;
using AnalogTorch.Core;

namespace AnalogTorch.Examples.Drift;

/// <summary>The report on drift.</summary>
internal static class DriftReport
{
    /// <summary>Writes what the chips gave.</summary>
    public static void Write(ExampleRun run, IReadOnlyList<string> ways, IReadOnlyList<DriftExample.Point> series, Func<string, double> digital, long tested)
    {
        if (series.Count == 0)
            return;
        var report = run.Report;
        report.Heading("Accuracy after programming")
            .Text("Weights are pairs of phase-change devices of the 90 nm statistics, written once. Conductances fall as a power of time, each device with an exponent of its own. "
                + "What compensation does: none; one factor a layer from reference inputs (global); one factor an output (per-output); the best factor an output, from weights that a chip does not know (exact); "
                + "statistics of batch norm taken anew from 1,300 training images.");
        foreach (var way in ways.Where(way => series.Any(point => point.Way == way)))
        {
            var curves = series.Where(point => point.Way == way).GroupBy(point => point.Compensation).Select(group => new Curve(
                group.Key, [.. group.Select(point => Math.Log10(point.Time))], [.. group.Select(point => 100 * point.Mean)], group.First().Count > 1 ? [.. group.Select(point => 100 * point.Std)] : null)).ToArray();
            var count = series.First(point => point.Way == way).Count;
            var bands = count > 1 ? $"Bands are a standard deviation over {count} evaluations. " : "One evaluation: no bands. ";
            report.Plot(Plots.Lines(TimeAxis.Label, "test accuracy [%]", curves).OnTimes(),
                string.Create(CultureInfo.InvariantCulture, $"{way}: {100 * digital(way):F2} % digitally. {bands}The axis does not start at 0."));
            if (curves.Length > 1)
                report.Plot(Plots.Lines(TimeAxis.Label, "test accuracy [%]", [.. curves.Where(curve => curve.Name != "none")]).OnTimes(), $"{way}: the same without the curve of no compensation. The axis does not start at 0.");
            report.Text(Meaning(series, way, digital(way), tested)).Table(Columns(series, way), Cells(series, way, point => point.Count > 1
                ? string.Create(CultureInfo.InvariantCulture, $"{100 * point.Mean:F2} ± {100 * point.Std:F2} %") : Numbers.Percent(point.Mean)));
        }
        run.ReportConfig();
    }

    /// <summary>What a day and a year cost with one factor a layer, in a sentence, and how sure that is.</summary>
    public static string Meaning(IReadOnlyList<DriftExample.Point> series, string way, double digital, long tested)
    {
        const string Compensation = "global";
        var points = series.Where(point => point.Way == way && point.Compensation == Compensation && point.Time is (Units.Day or Units.Year)).ToArray();
        return points.Length == 0 ? "" : $"{way} with one factor a layer against drift, beside floating point: {string.Join("; ", points.Select(point =>
            $"after {TimeAxis.Text(point.Time)} {Difference.Of(point.Mean, point.Std, point.Count, digital, tested)}"))} (95 % intervals, {SideBySide.Count(points[0].Count, "evaluation")}).";
    }

    /// <summary>Titles of a table of one network: times below each other, a column for what is done against drift.</summary>
    public static IReadOnlyList<string> Columns(IReadOnlyList<DriftExample.Point> series, string way) =>
        ["time", .. series.Where(point => point.Way == way).Select(point => point.Compensation).Distinct()];

    /// <summary>Cells of that table.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Cells(IReadOnlyList<DriftExample.Point> series, string way, Func<DriftExample.Point, string> text) =>
        [.. series.Where(point => point.Way == way).GroupBy(point => point.Time).OrderBy(group => group.Key).Select(group => (string[])[TimeAxis.Text(group.Key), .. group.Select(text)])];
}
