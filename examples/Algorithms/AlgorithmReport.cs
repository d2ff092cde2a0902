using System.Globalization;

namespace AnalogTorch.Examples.Algorithms;

/// <summary>What one rule gave over all seeds.</summary>
/// <param name="Summary">Its accuracy.</param>
/// <param name="StepRatio">Time of a step over that of floating point; NaN where that was not trained.</param>
internal sealed record AlgorithmRow(Summary<AlgorithmResult> Summary, double StepRatio)
{
    /// <summary>The columns about learning.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["rule", "test accuracy", "against digital", "seeds", "step ÷ digital"];

    /// <summary>The columns about the hardware.</summary>
    public static IReadOnlyList<string> WorkColumns { get; } = ["rule", "pulses", "other pulses", "reads", "wear worst", "wear mean", "time", "energy", "bytes"];

    private ArrayWork? Work => Summary.Runs[0].Work;

    /// <summary>The figures of metrics.json.</summary>
    public IReadOnlyList<(string, double)> Figures =>
    [
        .. Summary.Figures, ("step_ratio", StepRatio),
        .. Work is { } work
            ? new (string, double)[]
            {
                ("pulses_per_weight_example", Mean(run => run.FastPulses)), ("other_pulses_per_weight_example", Mean(run => run.OtherPulses)),
                ("line_reads_per_example", Mean(run => run.LineReads)), ("wear_worst", Mean(run => run.WorstWear)), ("wear_mean", Mean(run => run.MeanWear)),
                ("seconds_per_example_hardware", Mean(run => run.Seconds)), ("joules_per_example", Mean(run => run.Joules)), ("bytes_per_weight", work.Bytes),
            }
            : [("pulses_per_weight_example", 0), ("seconds_per_example_hardware", 0), ("joules_per_example", 0)],
    ];

    /// <summary>The cells about learning.</summary>
    public IReadOnlyList<string> Cells => [.. Summary.Cells(AlgorithmRule.Digital.Name)[..4], Numbers.Text(StepRatio, "F1")];

    /// <summary>The cells about the hardware.</summary>
    public IReadOnlyList<string>? WorkCells => Work is null ? null :
    [
        Summary.Way, Numbers.Text(Mean(run => run.FastPulses), "G3"), Numbers.Text(Mean(run => run.OtherPulses), "G3"), Numbers.Text(Mean(run => run.LineReads), "G3"),
        Numbers.Text(Mean(run => run.WorstWear), "F0"), Numbers.Text(Mean(run => run.MeanWear), "F0"), Numbers.Unit(Mean(run => run.Seconds), "s"), Numbers.Unit(Mean(run => run.Joules), "J"),
        Numbers.Text(Work.Bytes, "F0"),
    ];

    private double Mean(Func<ArrayWork, double> of) => Summary.Runs.Average(run => of(run.Work!));
}

/// <summary>A quantity of the device that is varied.</summary>
/// <param name="Name">Its name, with its unit.</param>
/// <param name="Values">Its values; that of the table is among them.</param>
/// <param name="Of">The value of a task.</param>
/// <param name="With">The task at a value.</param>
internal sealed record Sweep(string Name, IReadOnlyList<double> Values, Func<AlgorithmTask, double> Of, Func<AlgorithmTask, double, AlgorithmTask> With);

/// <summary>The report of the example.</summary>
internal static class AlgorithmReport
{
    /// <summary>Shows the tables, and writes what was found.</summary>
    /// <param name="run">The run.</param>
    /// <param name="rows">The rules.</param>
    /// <param name="task">What all trainings of the table have in common.</param>
    public static void Write(ExampleRun run, IReadOnlyList<AlgorithmRow> rows, AlgorithmTask task)
    {
        if (rows.Count == 0)
            return;
        IReadOnlyList<string>[] works = [.. rows.Select(row => row.WorkCells).OfType<IReadOnlyList<string>>()];
        ConsoleTable.Write(run.Console, AlgorithmRow.Columns, [.. rows.Select(row => row.Cells)]);
        if (works.Length > 0)
            ConsoleTable.Write(run.Console, AlgorithmRow.WorkColumns, works);
        run.Report.Heading("Training rules")
            .Text(string.Create(CultureInfo.InvariantCulture, $"All on {task.Device}, {task.States:G4} states, imbalance {task.Asymmetry:G3}, references off by {task.Offset:G3} of half the range; network {task.Network}."))
            .Text(Summary<AlgorithmResult>.Meaning([.. rows.Select(row => row.Summary)], AlgorithmRule.Digital.Name))
            .Table(AlgorithmRow.Columns, rows.Select(row => row.Cells))
            .Plot(Plots.Lines("epoch", "test accuracy [%]", [.. rows.Select(row => row.Summary.PerEpoch(result => result.Accuracy, 100))]), "Accuracy from epoch to epoch.");
        if (works.Length > 0)
        {
            run.Report.Heading("What it takes")
                .Text("Pulses of trains, and others (transfers, carries, refreshes), for a weight and example; reads of lines for an example; pulses of trains that the most and the mean "
                    + "pulsed weight received; time and energy of an example on the hardware of UpdateTiming and Duration90nm; bytes that the simulation keeps for a weight.")
                .Table(AlgorithmRow.WorkColumns, works);
        }
    }

    /// <summary>Plots accuracy over a quantity of the device, a curve a rule.</summary>
    public static void Write(ExampleRun run, Sweep sweep, IReadOnlyList<(AlgorithmTask Task, AlgorithmResult Result)> done)
    {
        var curves = done.GroupBy(entry => entry.Task.Way).Select(group =>
        {
            var points = group.GroupBy(entry => sweep.Of(entry.Task)).OrderBy(point => point.Key).ToArray();
            return new Curve(group.Key, [.. points.Select(point => point.Key)], [.. points.Select(point => 100 * point.Average(entry => entry.Result.FinalAccuracy))]);
        }).Where(curve => curve.X.Length > 1).ToArray();
        if (curves.Length == 0)
            return;
        run.Report.Heading($"Accuracy against {sweep.Name}").Plot(Plots.Lines(sweep.Name, "test accuracy [%]", curves), $"One seed; {sweep.Name} from {sweep.Values[0]} to {sweep.Values[^1]}.");
        foreach (var curve in curves)
            run.AddRow($"{curve.Name}/{sweep.Name}", [.. curve.X.Zip(curve.Y, (x, y) => (Numbers.Text(x, "G4"), y / 100))]);
    }
}
