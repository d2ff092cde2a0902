namespace AnalogTorch.Examples.Convnet;

/// <summary>The report of the example with a network of one's own.</summary>
internal static class ConvnetReport
{
    /// <summary>Writes what the trainings gave.</summary>
    public static void Write(ExampleRun run, IReadOnlyList<Summary<ConvnetResult>> rows)
    {
        if (rows.Count == 0)
            return;
        var report = run.Report;
        report.Heading("Accuracy")
            .Text("One network in plain TorchSharp, converted by one line, trained by one loop.")
            .Text($"Share of the test images that the network gets right{TrainingResult.Averaging(rows[0].Runs[0].Accuracy.Length)}.")
            .Text(Summary<ConvnetResult>.Meaning(rows, ConvnetWay.Digital.Name))
            .Table(Summary<ConvnetResult>.Columns, rows.Select(row => row.Cells(ConvnetWay.Digital.Name)))
            .Plot(Plots.Bars("test accuracy [%]", "F2", [.. rows.Select(row => new Column(row.Way, 100 * row.Mean, 100 * row.Std))])
                .Between(Math.Max(0, Math.Floor(100 * rows.Min(row => row.Mean)) - 2), 100), "The ways beside each other. The axis does not start at 0.")
            .Plot(Plots.Lines("epoch", "test accuracy [%]", [.. rows.Select(row => row.PerEpoch(result => result.Accuracy, 100))]), "Accuracy from epoch to epoch.");
        foreach (var row in rows)
            if (row.Runs[0].Layers is { } layers)
                LayerTable.Write(report, row.Way, layers);
        run.ReportConfig();
    }
}
