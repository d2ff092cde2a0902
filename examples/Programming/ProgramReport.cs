
namespace AnalogTorch.Examples.Programming;

/// <summary>The report on programming.</summary>
internal static class ProgramReport
{
    /// <summary>Writes what programming arrays gave.</summary>
    public static void Arrays(ExampleRun run, IReadOnlyList<(ProgrammingCase Case, ProgrammingOutcomes Outcome)> outcomes, int side)
    {
        if (outcomes.Count == 0)
            return;
        var report = run.Report;
        report.Heading("Programming an array")
            .Text($"{side} × {side} weights, W = F·(G⁺ − G⁻) + g⁺ − g⁻ of four phase-change devices each. All cells of a row are read and pulsed at once; one device of every cell has its turn in each of four phases. "
                + "A weight has failed if it ends more than 2 % of the largest weight from its target. Errors are relative to the largest weight.")
            .Table(["targets, scheme", "failed", "rms error", "pulses per weight", "seconds"], outcomes.Where(entry => entry.Case.Sweep is null).Select(entry => (string[])
                [entry.Case.Name, Numbers.Percent(entry.Outcome.FailedFraction), Numbers.Percent(entry.Outcome.RmsError), Numbers.Text(entry.Outcome.PulsesPerWeight, "F1"), Numbers.Text(entry.Outcome.Seconds, "F2")]));
        var first = outcomes[0];
        report.Plot(Plots.Against("target weight [largest weight]", "programmed weight [largest weight]", first.Outcome.Wanted, first.Outcome.Held), $"Programmed against target weight: {first.Case.Name} targets, four phases.")
            .Plot(Plots.Histogram("error [% of the largest weight]", 60,
            [
                .. outcomes.Where(entry => entry.Case.Sweep is null && entry.Case.Distribution == first.Case.Distribution).Take(4)
                    .Select(entry => new Sample(entry.Case.Name, [.. entry.Outcome.Held.Zip(entry.Outcome.Wanted, (held, wanted) => Math.Clamp(100 * (held - wanted), -12, 12))])),
            ]), "Errors of the schemes, those beyond 12 % at the ends.");
        if (first.Outcome.Phases.Count > 0)
            report.Plot(Plots.Bars("rms error [% of the largest weight]", "F2", [.. first.Outcome.Phases.Select(phase => new Column(phase.Name, 100 * phase.Error))]), $"The error after each phase: {first.Case.Name} targets.");
        report.Heading("What decides failures").Text("Uniform targets, of which many are large; each plot changes one number of the defaults.");
        foreach (var sweep in outcomes.Where(entry => entry.Case.Sweep is not null).GroupBy(entry => entry.Case.Sweep!))
            report.Plot(Plots.Lines(sweep.Key, "failed weights [%]", new Curve("failed", [.. sweep.Select(entry => entry.Case.Value)], [.. sweep.Select(entry => 100 * entry.Outcome.FailedFraction)])), $"Failed weights against {sweep.Key}.");
    }

    /// <summary>Writes what a network lost.</summary>
    public static void Network(ExampleRun run, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows, int seeds) => run.Report.Heading("A network before and after")
        .Text($"784-250-125-10, trained in floating point and programmed without any training for it; {SideBySide.Count(seeds, "seed")}. 8-bit: read through converters of 8 and 10 bits with their noise; the others exactly. "
            + "± is the deviation over seeds and chips; a difference is given where its 95 % interval leaves out 0.")
        .Table(columns, rows);
}
