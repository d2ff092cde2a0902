using System.Globalization;
using AnalogTorch.Layers;

namespace AnalogTorch.Examples;

/// <summary>The part of a report that says what became of the layers of a network: weights, devices, tiles.</summary>
internal static class LayerTable
{
    /// <summary>Figures of metrics.json.</summary>
    public static IEnumerable<(string Figure, double Value)> Figures(ConversionReport? layers) => layers is null
        ? []
        : [("weights", layers.Weights), ("devices", layers.Devices), ("tiles", layers.Tiles)];

    /// <summary>Writes it.</summary>
    public static void Write(HtmlReport report, string way, ConversionReport layers) => report.Heading($"What became of the layers: {way}")
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
