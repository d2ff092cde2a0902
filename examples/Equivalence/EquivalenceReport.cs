using System.Globalization;
using Spectre.Console;

namespace AnalogTorch.Examples.Equivalence;

/// <summary>What one way gave on one problem.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Way">Name of the way.</param>
/// <param name="Rate">The learning rate that was best on the validation samples.</param>
/// <param name="IsEdge">Whether no rate beyond it was tried.</param>
/// <param name="Gap">What floating point is ahead; null where it was not trained.</param>
/// <param name="Runs">The trainings, by seed.</param>
internal sealed record EquivalenceRow(Problem Problem, string Way, double Rate, bool IsEdge, Gap? Gap, IReadOnlyList<EquivalenceResult> Runs)
{
    /// <summary>Mean score on the test samples: the share that is right, or what a regression explains of the variance.</summary>
    public double Score => Runs.Average(run => run.Right.Average());

    /// <summary>Of a regression: root mean square error in units of the spread.</summary>
    public double Error => Runs.Average(run => Math.Sqrt(1 - run.Right.Average()));

    /// <summary>Whether it is floating point itself.</summary>
    public bool IsDigital => Way == EquivalenceWay.Digital.Name;

    /// <summary>Whether the way was over before its cells did what makes them what they are.</summary>
    public bool IsTooShort => Runs.Any(run => run.Transfers == 0);

    /// <summary>The figures of metrics.json.</summary>
    public (string, double)[] Figures =>
    [
        (Problem.IsRegression ? "test_error" : "test_accuracy", Problem.IsRegression ? Error : Score),
        ("test_std", Numbers.Deviation([.. Runs.Select(run => run.Right.Average())])),
        ("learning_rate", Rate), ("seeds", Runs.Count), ("seconds", Runs.Average(run => run.Seconds)), ("transfers", Runs.Average(run => run.Transfers ?? 0)),
        .. Gap is null || IsDigital ? [] : new (string, double)[]
        {
            ("gap_points", Gap.Points), ("gap_interval", Gap.Half), ("gap_error_of_seeds", Gap.OfSeeds), ("gap_error_of_samples", Gap.OfSamples), ("curve_area_points", Gap.Area),
        },
    ];

    /// <summary>The columns that <see cref="Cells"/> fills.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["problem", "way", "test", "rate", "behind digital", "95 %", "curves", "verdict"];

    /// <summary>The cells of a table.</summary>
    public IReadOnlyList<string> Cells =>
    [
        Problem.Name, Way, Problem.IsRegression ? $"error {Numbers.Text(Error, "F3")}" : Numbers.Percent(Score), Numbers.Text(Rate, "G3") + (IsEdge ? " (edge)" : ""),
        Gap is null || IsDigital ? "" : Points(Gap.Points), Gap is null || IsDigital || double.IsInfinity(Gap.Half) ? "" : $"±{Numbers.Text(Gap.Half, "F2")}",
        Gap is null || IsDigital ? "" : Points(Gap.Area), Gap is null || IsDigital ? "" : IsTooShort ? "too short: no transfer yet" : Gap.Verdict,
    ];

    /// <summary>The row as a line.</summary>
    public string InWords => string.Join("  ", Cells.Where(cell => cell.Length > 0));

    private static string Points(double points) => points.ToString("+0.00;−0.00;0.00", CultureInfo.InvariantCulture);
}

/// <summary>What a way gave with a learning rate, on the validation samples.</summary>
/// <param name="Problem">Name of the problem.</param>
/// <param name="Way">Name of the way.</param>
/// <param name="Rate">The learning rate.</param>
/// <param name="Runs">The trainings, one a seed.</param>
internal sealed record EquivalenceTrial(string Problem, string Way, double Rate, IReadOnlyList<EquivalenceResult> Runs)
{
    private const int Last = 3;

    /// <summary>The columns that <see cref="Cells"/> fills.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["problem", "way", "rate", "validation", "±", "transfers"];

    /// <summary>The figures of metrics.json.</summary>
    public (string, double)[] Figures =>
        [("validation_score", Score), ("validation_std", Spread), ("learning_rate", Rate), ("seeds", Runs.Count), ("seconds", Runs.Average(run => run.Seconds)), ("transfers", Transfers)];

    /// <summary>The cells of a table.</summary>
    public IReadOnlyList<string> Cells =>
        [Problem, Way, Numbers.Text(Rate, "G3"), Numbers.Percent(Score), Runs.Count < 3 ? "" : Numbers.Text(100 * Spread, "F2"), Numbers.Text(Transfers, "F0")];

    private double Score => Runs.Average(Of);

    private double Spread => Numbers.Deviation([.. Runs.Select(Of)]);

    private double Transfers => Runs.Average(run => run.Transfers ?? 0);

    private static double Of(EquivalenceResult run) => run.Accuracy.TakeLast(Last).Average();
}

/// <summary>The report of the example.</summary>
internal static class EquivalenceReport
{
    /// <summary>Shows the table, and writes what was found.</summary>
    public static void Write(ExampleRun run, IReadOnlyList<EquivalenceRow> rows)
    {
        if (rows.Count == 0)
            return;
        ConsoleTable.Write(run.Console, EquivalenceRow.Columns, [.. rows.Select(row => row.Cells)]);
        run.Console.WriteLine(Summary(rows));
        run.Report.Heading("As good as floating point?").Text(Summary(rows))
            .Text($"Points behind floating point, seed against seed on the same test samples, with 95 % intervals that hold both the spread of seeds and the number of test samples; "
                + $"'equivalent' where the whole interval lies within ±{Numbers.Text(Gap.Margin, "F1")} points. Learning rates were chosen for each way, floating point too, on validation "
                + "samples with a seed of its own; the test samples were looked at once. Of a regression, points are hundredths of the variance that is explained. "
                + "'Curves' is the mean distance of the validation curves over all epochs.")
            .Table(EquivalenceRow.Columns, rows.Select(row => row.Cells));
        foreach (var problem in rows.Select(row => row.Problem).Distinct())
            run.Report.Plot(
                Plots.Lines("epoch", problem.IsRegression ? "explained variance, validation [%]" : "validation accuracy [%]", [.. rows.Where(row => row.Problem == problem).Select(Curve)]),
                $"{problem.Name}: {problem.What}.");
        run.ReportConfig();
    }

    /// <summary>Shows what trials gave on the validation samples.</summary>
    public static void Write(ExampleRun run, IReadOnlyList<EquivalenceTrial> trials)
    {
        if (trials.Count == 0)
            return;
        ConsoleTable.Write(run.Console, EquivalenceTrial.Columns, [.. trials.Select(trial => trial.Cells)]);
        run.Report.Heading("On the validation samples")
            .Text("Mean over the last three epochs and the seeds; the test samples were not looked at. Of a regression: share of the variance that is explained.")
            .Table(EquivalenceTrial.Columns, trials.Select(trial => trial.Cells));
        run.ReportConfig();
    }

    /// <summary>What all rows together say.</summary>
    private static string Summary(IReadOnlyList<EquivalenceRow> rows)
    {
        var sentences = rows.Where(row => !row.IsDigital && row.Gap is not null).GroupBy(row => row.Way).Select(group =>
        {
            var gaps = group.Select(row => row.Gap!).ToArray();
            var worst = group.MaxBy(row => row.Gap!.Points)!;
            var equivalent = group.Count(row => row.Gap!.Verdict == "equivalent" && !row.IsTooShort);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{group.Key} is {gaps.Average(gap => gap.Points):F2} points behind on average over {SideBySide.Count(gaps.Length, "problem")}, at most {worst.Gap!.Points:F2} ({worst.Problem.Name}); "
                + $"{equivalent} of them shown equivalent.");
        });
        return string.Join(" ", sentences);
    }

    private static Curve Curve(EquivalenceRow row)
    {
        var epochs = row.Runs.Min(run => run.Accuracy.Length);
        var values = Enumerable.Range(0, epochs).Select(epoch => row.Runs.Select(run => 100 * run.Accuracy[epoch]).ToArray()).ToArray();
        return new(row.Way, [.. Enumerable.Range(1, epochs).Select(epoch => (double)epoch)], [.. values.Select(sample => sample.Average())],
            row.Runs.Count == 1 ? null : [.. values.Select(sample => Numbers.Deviation(sample))]);
    }
}
