using AnalogTorch.Energy;
using Spectre.Console;

namespace AnalogTorch.Examples.Language;

/// <summary>What is told of a decoder.</summary>
internal static class DecoderReport
{
    /// <summary>Writes figures, table and pictures.</summary>
    /// <param name="run">The run.</param>
    /// <param name="rows">The deployments, the digital decoder first.</param>
    /// <param name="sensitivities">The loss if one matrix alone is on a chip of a day.</param>
    /// <param name="texts">Texts that deployments write from the same beginning.</param>
    /// <param name="chip">What a token costs on tiles.</param>
    /// <param name="gpu">What it costs on a GPU.</param>
    public static void Show(
        ExampleRun run, IReadOnlyList<Deployed> rows, IReadOnlyList<(string Name, double CrossEntropy)> sensitivities, IReadOnlyList<(string Name,
            string Text)> texts, CostReport chip,
        CostReport gpu)
    {
        var digital = rows[0].CrossEntropy;
        foreach (var row in rows)
        {
            var cost = row.Name is "digital" or "hwa" ? gpu : chip;
            run.AddRow(row.Name, ("cross_entropy", row.CrossEntropy), ("cross_entropy_std", row.Deviation), ("perplexity",
                Math.Exp(row.CrossEntropy)), ("share_above_digital", row.CrossEntropy / digital - 1),
                ("agreement", row.Agreement), ("joules_per_token", cost.JoulesPerInference), ("seconds_per_token", cost.SecondsPerInference),
                    ("chips", row.Results.Count));
        }
        foreach (var (name, loss) in sensitivities)
            run.AddRow($"matrix {name}", ("cross_entropy", loss));
        string[] columns = ["", "nats per token", "±", "perplexity", "above digital", "same next token"];
        var cells = rows.Select(row => (string[])
        [
            row.Name, Numbers.Text(row.CrossEntropy, "F4"), row.Results.Count < 2 ? "" : Numbers.Text(row.Deviation, "F4"),
                Numbers.Text(Math.Exp(row.CrossEntropy), "F3"),
            row == rows[0] ? "" : Numbers.Percent(row.CrossEntropy / digital - 1), Numbers.Percent(row.Agreement),
        ]).ToArray();
        ConsoleTable.Write(run.Console, columns, cells);
        run.Console.WriteLine(
            $"A token takes {Numbers.Unit(chip.JoulesPerInference, "J")} and {Numbers.Unit(chip.SecondsPerInference, "s")} on HERMES cores, {Numbers.Unit(gpu.JoulesPerInference, "J")} and {Numbers.Unit(gpu.SecondsPerInference, "s")} on a V100.");
        foreach (var (name, text) in texts)
            run.Console.WriteLine($"{name}: {text.ReplaceLineEndings(" ")}");
        run.Report.Heading("Loss of the decoder on text that it wrote itself")
            .Text("Held-out text of the decoder's own. Projections and feed-forward layers are on pairs of phase-change devices with one factor a tile against drift; embedding, attention scores, norms and the last layer are digital. "
                + "recalibrated: gain and offset of every output found anew in two runs over some texts; adapters: digital matrices of rank 4 beside the chip, taught by the digital decoder; hwa: distilled from itself with the hardware's noise before it was programmed.")
            .Table(columns, cells)
            .Plot(Plots.Lines("age [log10 s]", "cross-entropy [nats per token]", [.. Curves(rows)]),
                "With and without each measure; the band is the deviation from chip to chip.")
            .Heading("Which matrix suffers most")
            .Text("A single matrix is on a chip, a day old; all others are digital.")
            .Plot(
                Plots.Lines("matrix [number]", "above digital [%]", new Curve("one matrix on a chip", [.. sensitivities.Select((_, i) => i + 1.0)],
                    [.. sensitivities.Select(entry => 100 * (entry.CrossEntropy / sensitivities.Min(other => other.CrossEntropy) - 1))])),
                "In the order of the network, against the least of them: " + string.Join(", ", sensitivities.OrderByDescending(entry =>
                    entry.CrossEntropy).Take(5).Select(entry => entry.Name)) + " suffer most.")
            .Heading("Texts from the same beginning")
            .Table(["", "text"], texts.Select(entry => (IReadOnlyList<string>)[entry.Name, entry.Text]))
            .Heading("A token")
            .Table(["", "energy", "time"], [(IReadOnlyList<string>)["HERMES cores, digital rest beside them", Numbers.Unit(chip.JoulesPerInference,
                "J"), Numbers.Unit(chip.SecondsPerInference, "s")], ["GPU V100", Numbers.Unit(gpu.JoulesPerInference, "J"),
                Numbers.Unit(gpu.SecondsPerInference, "s")]]);
    }

    private static IEnumerable<Curve> Curves(IReadOnlyList<Deployed> rows)
    {
        foreach (var (name, prefix, suffix) in new[] { ("as it is", "", ""), ("recalibrated", "", "-recalibrated"), ("distilled", "hwa-", ""),
            ("distilled, recalibrated", "hwa-", "-recalibrated") })
        {
            var points = DecoderStudy.Ages.Select(age => (Time: Math.Log10(age.Time), Row: rows.FirstOrDefault(row =>
                row.Name == $"{prefix}{age.Name}{suffix}"))).Where(point => point.Row is not null).ToArray();
            if (points.Length > 0)
                yield return new(name, [.. points.Select(point => point.Time)], [.. points.Select(point => point.Row!.CrossEntropy)],
                    [.. points.Select(point => point.Row!.Deviation)]);
        }
        yield return new("digital", [0, Math.Log10(DecoderStudy.Ages[^1].Time)], [rows[0].CrossEntropy, rows[0].CrossEntropy]);
    }
}
