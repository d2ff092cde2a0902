using System.Globalization;
using AnalogTorch.Core;

namespace AnalogTorch.Examples.Drift;

/// <summary>The report on drift.</summary>
internal static class DriftReport
{
    /// <summary>Writes what the chips gave.</summary>
    public static void Write(ExampleRun run, IReadOnlyList<string> ways, IReadOnlyList<DriftExample.Point> series, Func<string, double> digital)
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
                group.Key, [.. group.Select(point => Math.Log10(point.Time))], [.. group.Select(point => 100 * point.Mean)], [.. group.Select(point => 100 * point.Std)])).ToArray();
            report.Plot(Plots.Lines("time after programming [log10 s]", "test accuracy [%]", curves),
                string.Create(CultureInfo.InvariantCulture, $"{way}: {100 * digital(way):F2} % digitally. Bands are a standard deviation over {series.First(point => point.Way == way).Count} evaluations; a day is at 4.9, a year at 7.5."));
            if (curves.Length > 1)
                report.Plot(Plots.Lines("time after programming [log10 s]", "test accuracy [%]", [.. curves.Where(curve => curve.Name != "none")]), $"{way}: the same without the curve of no compensation.");
        }
        report.Table(["network", "compensation", .. DriftTask.Times.Select(time => Units.Format(time, "s"))],
            ways.SelectMany(way => series.Where(point => point.Way == way).GroupBy(point => point.Compensation)).Select(group => (string[])
                [group.First().Way, group.Key, .. group.Select(point => string.Create(CultureInfo.InvariantCulture, $"{100 * point.Mean:F2} ± {100 * point.Std:F2} %"))]));
        run.ReportConfig();
    }
}
