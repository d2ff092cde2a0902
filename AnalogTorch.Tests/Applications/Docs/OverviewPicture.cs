using System.Globalization;
using System.Text;

namespace AnalogTorch.Tests.Docs;

/// <summary>The picture of the first page: a network, its arrays, what moves them, and what comes out.</summary>
/// <remarks>Colours follow the reader's choice of light or dark; text is the reader's own font.</remarks>
internal static class OverviewPicture
{
    private const int Width = 880, Height = 250, Top = 62, Lines = 5, Pitch = 28;
    private static readonly string[] Layers = ["Conv2d", "Linear", "LSTM"];

    public static string Write()
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n");
        svg.Append("""
            <title>A network's layers become crossbar arrays of unit cells, which are read by voltages, changed by pulses, drift, and are priced</title>
            <style>
            .ink { stroke: #2b3037; } .text { fill: #2b3037; } .soft { fill: #5c6570; } .card { fill: #f3f5f8; stroke: #c6ccd4; } .page { fill: #ffffff; }
            @media (prefers-color-scheme: dark) { .ink { stroke: #d8dde3; } .text { fill: #e4e7eb; } .soft { fill: #a0a8b2; } .card { fill: #20262d; stroke: #4a525c; } .page { fill: #13161a; } }
            .blue { stroke: #0072b2; fill: none; } .green { stroke: #009e73; fill: none; } .orange { stroke: #d55e00; fill: none; } .cell { fill: #009e73; }
            </style>

            """);
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"page\" width=\"{Width}\" height=\"{Height}\" rx=\"8\"/>\n");
        Network(svg);
        Array(svg, 250);
        Pulses(svg, 505);
        Outcome(svg, 700);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Network(StringBuilder svg)
    {
        Title(svg, 92, "a TorchSharp model");
        for (var i = 0; i < Layers.Length; i++)
        {
            Add(svg, $"<rect class=\"card\" x=\"32\" y=\"{Top + 50 * i}\" width=\"120\" height=\"36\" rx=\"6\"/>");
            Text(svg, 92, Top + 50 * i + 23, Layers[i], "text");
        }
        Arrow(svg, 172, 228, 130);
        Text(svg, 200, 118, "ToAnalog", "soft");
        Text(svg, 92, 232, "its loop stays as it is", "soft");
    }

    private static void Array(StringBuilder svg, int left)
    {
        Title(svg, left + 80, "crossbar arrays");
        var right = left + Pitch * (Lines + 1);
        for (var i = 0; i < Lines; i++)
        {
            var y = Top + 10 + Pitch * i;
            var x = left + Pitch * (i + 1);
            Add(svg, $"<path class=\"blue\" d=\"M{left} {y}H{right - 12}\" stroke-width=\"1.6\"/>");
            Add(svg, $"<path class=\"orange\" d=\"M{x} {Top - 6}V{Top + 10 + Pitch * Lines - 10}\" stroke-width=\"1.6\"/>");
        }
        for (var row = 0; row < Lines; row++)
            for (var column = 0; column < Lines; column++)
                Add(svg, $"<circle class=\"cell\" cx=\"{left + Pitch * (column + 1)}\" cy=\"{Top + 10 + Pitch * row}\" r=\"{2.5 + (7 * row + 5 * column + row * column) % 5 * 1.1:0.#}\"/>");
        Text(svg, left + 84, 218, "y = W·x, read as currents", "text");
        Text(svg, left + 84, 236, "G⁺, G⁻, g: cells of real devices", "soft");
    }

    private static void Pulses(StringBuilder svg, int left)
    {
        Title(svg, left + 70, "pulses");
        Train(svg, left, Top + 34, "0110101101", "blue", "x");
        Train(svg, left, Top + 76, "1010010110", "orange", "δ");
        Train(svg, left, Top + 118, "0010000100", "green", "Δw");
        Text(svg, left + 80, 218, "where two trains meet,", "text");
        Text(svg, left + 80, 236, "the devices' own steps", "soft");
        Arrow(svg, left - 62, left - 22, 130);
        Arrow(svg, left + 158, left + 186, 130);
    }

    private static void Train(StringBuilder svg, int left, int bottom, string bits, string color, string name)
    {
        var path = new StringBuilder().Append(CultureInfo.InvariantCulture, $"M{left + 14} {bottom}");
        foreach (var bit in bits)
            path.Append(bit == '1' ? "h2v-22h9v22h2" : "h13");
        Text(svg, left, bottom - 4, name, "text");
        Add(svg, $"<path class=\"{color}\" d=\"{path}\" stroke-width=\"1.6\"/>");
    }

    private static void Outcome(StringBuilder svg, int left)
    {
        Title(svg, left + 78, "what comes out");
        Add(svg, $"<path class=\"ink\" fill=\"none\" d=\"M{left} {Top - 4}V{Top + 96}H{left + 158}\" stroke-width=\"1.2\"/>");
        Add(svg, $"<path class=\"blue\" d=\"M{left + 4} {Top + 8}H{left + 154}\" stroke-width=\"2\"/>");
        Add(svg, $"<path class=\"green\" d=\"M{left + 4} {Top + 13}C{left + 80} {Top + 16} {left + 120} {Top + 22} {left + 154} {Top + 34}\" stroke-width=\"2\"/>");
        Add(svg, $"<path class=\"orange\" d=\"M{left + 4} {Top + 15}C{left + 60} {Top + 24} {left + 100} {Top + 52} {left + 154} {Top + 84}\" stroke-width=\"2\"/>");
        foreach (var (line, (name, color)) in new[] { ("floating point", "blue"), ("compensated", "green"), ("as it drifts", "orange") }.Index())
        {
            var y = Top + 62 + 13 * line;
            Add(svg, $"<path class=\"{color}\" d=\"M{left + 7} {y - 4}h9\" stroke-width=\"2.5\"/>");
            Add(svg, $"<text class=\"soft\" x=\"{left + 20}\" y=\"{y}\" font-size=\"11\">{name}</text>");
        }
        foreach (var (place, name) in new[] { (12, "1 s"), (54, "1 h"), (96, "1 day"), (146, "1 year") })
            Text(svg, left + place, Top + 112, name, "soft");
        Text(svg, left + 78, Top + 132, "accuracy over time", "soft");
        Text(svg, left + 78, 218, "accuracy, joules,", "text");
        Text(svg, left + 78, 236, "seconds, mm²", "text");
    }

    private static void Title(StringBuilder svg, int x, string text) => Add(svg, $"<text class=\"text\" x=\"{x}\" y=\"34\" text-anchor=\"middle\" font-weight=\"600\" font-size=\"15\">{text}</text>");

    private static void Text(StringBuilder svg, int x, int y, string text, string color) => Add(svg, $"<text class=\"{color}\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>");

    private static void Arrow(StringBuilder svg, int from, int to, int y) =>
        Add(svg, $"<path class=\"ink\" fill=\"none\" d=\"M{from} {y}H{to}m-7 -5l7 5l-7 5\" stroke-width=\"1.6\"/>");

    private static void Add(StringBuilder svg, FormattableString element) => svg.Append(element.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
