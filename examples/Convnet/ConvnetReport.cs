using System.Globalization;
using AnalogTorch.Layers;

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
            .Table(Summary<ConvnetResult>.Columns, rows.Select(row => row.Cells(ConvnetWay.Digital.Name)))
            .Plot(Plots.Bars("test accuracy [%]", "F2", [.. rows.Select(row => new Column(row.Way, 100 * row.Mean, 100 * row.Std))])
                .Between(Math.Max(0, Math.Floor(100 * rows.Min(row => row.Mean)) - 2), 100), "The ways beside each other. The axis does not start at 0.")
            .Plot(Plots.Lines("epoch", "test accuracy [%]", [.. rows.Select(row => row.PerEpoch(result => result.Accuracy, 100))]), "Accuracy from epoch to epoch.");
        foreach (var row in rows)
            if (row.Runs[0].Layers is { } layers)
                Layers(report, row.Way, layers);
        run.ReportConfig();
    }

    private static void Layers(HtmlReport report, string way, ConversionReport layers) => report.Heading($"What became of the layers: {way}")
        .Text("A kernel of a convolution is one output of its array, which is read once at every place of the kernel. "
            + (layers.Devices > 0
                ? "Every place is an example that may send pulses, and counts towards the interval between transfers. The bias is one more input."
                : "The weights are digital while they are trained; devices come when they are programmed. Tests read through the converters and with their noise."))
        .Table(["layer", "kind", "inputs → outputs", "weights", "devices", "tiles", "used", "cell"],
        [
            .. layers.Rows.Select(row => (string[])[row.Name, row.Kind, row.Shape, Number(row.Weights), Number(row.Devices), Number(row.Tiles), row.IsAnalog ? Share(row.Utilization) : "", row.Note]),
            ["total", "", "", Number(layers.Weights), Number(layers.Devices), Number(layers.Tiles), "", ""],
        ]);

    private static string Number(long value) => value == 0 ? "" : value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Share(double fraction) => fraction.ToString("P0", CultureInfo.InvariantCulture);
}
