using System.Text.RegularExpressions;

namespace AnalogTorch.Tests.Examples;

/// <summary>A training loop of the examples that is plain TorchSharp but for the lines that are marked.</summary>
internal static partial class OrdinaryLoop
{
    /// <summary>Nothing but usings, the conversion and the optimizer are marked as analog, and nothing else is.</summary>
    /// <param name="path">The loop's file, below <c>examples</c>.</param>
    public static void AssertOnlyMarkedLinesAreAnalog(params string[] path)
    {
        var lines = File.ReadAllLines(Path.Combine([Repository.Root, "examples", .. path]));
        var marked = lines.Where(line => line.TrimEnd().EndsWith("// analog", StringComparison.Ordinal)).ToArray();
        Assert.DoesNotContain(lines.Except(marked), line => line.Contains("analog", StringComparison.OrdinalIgnoreCase));
        var statements = marked.Where(line => !UsingDirective().IsMatch(line)).ToArray();
        Assert.Equal(2, statements.Length);
        Assert.Contains("model.ToAnalog(", statements[0], StringComparison.Ordinal);
        Assert.Contains("new AnalogSGD(", statements[1], StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^using [\w.]+;")]
    private static partial Regex UsingDirective();
}
