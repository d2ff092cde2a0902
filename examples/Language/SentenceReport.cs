using Spectre.Console;

namespace AnalogTorch.Examples.Language;

/// <summary>What is told of a sentence encoder.</summary>
internal static class SentenceReport
{
    /// <summary>Writes figures, table and picture.</summary>
    /// <param name="run">The run.</param>
    /// <param name="results">Spearman correlations of every chip, by deployment.</param>
    public static void Show(ExampleRun run, IReadOnlyDictionary<string, List<double>> results)
    {
        var digital = results["digital"].Average();
        foreach (var (name, values) in results)
            run.AddRow($"sentences-{name}", ("spearman", values.Average()), ("spearman_std", Numbers.Deviation(values)), ("share_of_digital",
                values.Average() / digital), ("chips", values.Count));
        string[] columns = ["", "Spearman", "±", "of digital", "chips"];
        var cells = results.Select(entry => (string[])
        [
            entry.Key, Numbers.Text(entry.Value.Average(), "F4"), entry.Value.Count < 2 ? "" : Numbers.Text(Numbers.Deviation(entry.Value), "F4"),
                Numbers.Percent(entry.Value.Average() / digital), Numbers.Text(entry.Value.Count, "F0"),
        ]).ToArray();
        ConsoleTable.Write(run.Console, columns, cells);
        run.Report.Heading("Sentence encoder: cosines against what people think")
            .Text("Spearman's correlation over the pairs of STS-B. All 36 linear layers of all-MiniLM-L6-v2 are on pairs of phase-change devices; embeddings, attention scores and norms are digital.")
            .Table(columns, cells)
            .Plot(Plots.Bars("Spearman correlation [1]", "F3", [.. results.Select(entry => new Column(entry.Key, entry.Value.Average(),
                Numbers.Deviation(entry.Value)))]), "Higher is better.");
    }
}
