using AnalogTorch.Examples;

namespace AnalogTorch.Tests.Examples;

/// <summary>Tables on terminals of 80 columns.</summary>
public class ConsoleTableTests
{
    private static readonly string[] Ways = ["digital", "msp-lsp-no-inversion", "msp-lsp"];

    [Fact]
    public void WhatFitsStaysAsItIs()
    {
        var lines = Lines(80, ["way", "test accuracy", "against digital", "seeds", "time"], [.. Ways.Select(way => (string[])[way, "98.00 % [97.7, 98.3]", "not told apart", "3", "3 min"])]);
        Assert.Contains(lines, line => line.Contains("test accuracy", StringComparison.Ordinal) && line.Contains("time", StringComparison.Ordinal));
        Assert.Equal(3, lines.Count(line => line.Contains("not told apart", StringComparison.Ordinal)));
    }

    [Fact]
    public void WhatIsTooWideIsTurned()
    {
        string[] columns = ["table", .. Enumerable.Range(1, 9).Select(i => $"a column of words {i}")];
        var lines = Lines(80, columns, [["waveform", .. Enumerable.Repeat("86.48 ± 0.10", 9)], ["shell", .. Enumerable.Repeat("85.30 ± 0.21", 9)]]);
        Assert.Contains(lines, line => line.Contains("waveform", StringComparison.Ordinal) && line.Contains("shell", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("a column of words 9", StringComparison.Ordinal) && line.Contains("86.48", StringComparison.Ordinal) && line.Contains("85.30", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatIsTooWideEitherWayIsOneBlockARow()
    {
        string[] columns = ["network", .. Enumerable.Range(1, 5).Select(i => $"deployment number {i}")];
        var rows = Enumerable.Range(1, 5).Select(i => (string[])[$"network {i}", .. Enumerable.Repeat("94.17 ± 0.21 %, −1.33 pp", 5)]).ToArray();
        var lines = Lines(80, columns, rows);
        Assert.Equal(5 * 6, lines.Length);
        Assert.Equal("  deployment number 5  94.17 ± 0.21 %, −1.33 pp", lines[5]);
    }

    [Fact]
    public void BracketsAreText() => Assert.Contains(Lines(80, ["energy [nJ]", "[x]"], [["[a]", "[red]"]]), line => line.Contains("[red]", StringComparison.Ordinal));

    private static string[] Lines(int width, string[] columns, string[][] rows)
    {
        using var output = new StringWriter();
        var console = StubExample.Plain(output);
        console.Profile.Width = width;
        ConsoleTable.Write(console, columns, rows);
        string[] lines = [.. output.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
        return lines;
    }
}
