using System.Text;

namespace AnalogTorch.Core;

/// <summary>Tables in plain text, for the reports that are read in a console.</summary>
internal static class TextTable
{
    /// <summary>Lines of cells in columns as wide as they need, two spaces apart.</summary>
    /// <param name="lines">The lines, each with as many cells as the first.</param>
    /// <param name="isNumber">Which columns are set to the right.</param>
    public static StringBuilder Of(IReadOnlyList<string[]> lines, Func<int, bool> isNumber)
    {
        var widths = lines[0].Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var line in lines)
            text.AppendLine(string.Join("  ", line.Select((cell, column) => isNumber(column) ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
        return text;
    }
}
