using System.Text.RegularExpressions;

namespace AnalogTorch.Tests.Architecture;

/// <summary>Folder = namespace = layer, and imports point down only.</summary>
public partial class ImportTests
{
    private static readonly string[][] Layers =
    [
        ["Core"],
        ["Kernels"],
        ["Devices", "Periphery", "Updates"],
        ["Conductance"],
        ["Cells"],
        ["Tiles"],
        ["Layers"],
        ["Optim", "Inference", "Energy", "Checkpoints", "Verification"],
        ["Presets"],
    ];

    public static TheoryData<string> Files => new(Repository.LibrarySources().Select(file => file.Path));

    [Theory]
    [MemberData(nameof(Files))]
    public void ImportsPointDown(string path)
    {
        var text = Repository.LibrarySources().Single(file => file.Path == path).Text;
        var folder = path.Split('/')[0];
        var ns = NamespaceLine().Match(text).Groups[1].Value;
        if (folder == "Native")
        {
            // The loader of the native library stands apart, in the root namespace, and knows none of the layers.
            Assert.Equal("AnalogTorch", ns);
            Assert.Empty(Mentions(text));
            return;
        }
        Assert.Equal($"AnalogTorch.{folder}", ns);
        var level = LevelOf(folder);
        Assert.All(Mentions(text).Where(other => other != folder), other =>
            Assert.True(LevelOf(other) < level, $"{path} is in {folder}, which may not import {other}."));
    }

    [Fact]
    public void TheCheckSeesAnUpwardImport() => Assert.Equal(["Kernels", "Presets"], Mentions("using AnalogTorch.Kernels;\nvar x = AnalogTorch.Presets.Pcm;"));

    private static int LevelOf(string folder)
    {
        var level = Array.FindIndex(Layers, names => names.Contains(folder));
        Assert.True(level >= 0, $"The folder {folder} has no layer; add it to the table here and in the design.");
        return level;
    }

    /// <summary>Layers that a source file names, in its usings or by a qualified name.</summary>
    private static string[] Mentions(string text) =>
        [.. MentionedLayer().Matches(CommentLine().Replace(text, "")).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^namespace\s+([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"(?<!namespace\s+)\bAnalogTorch\.(?!Models\b|Tests\b)([A-Z]\w*)")]
    private static partial Regex MentionedLayer();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex CommentLine();
}
