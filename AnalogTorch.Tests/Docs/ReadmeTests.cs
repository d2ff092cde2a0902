using System.Text.RegularExpressions;

namespace AnalogTorch.Tests.Docs;

public partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    public static TheoryData<string> Snippets => new(CSharp().Matches(Readme).Select(match => match.Groups[1].Value));

    /// <summary>Every C# block of the README stands, line by line, in the file that is compiled and run.</summary>
    [Theory]
    [MemberData(nameof(Snippets))]
    public void IsCompiledAndRun(string snippet)
    {
        var source = Lines(File.ReadAllText(Path.Combine(Repository.Root, "AnalogTorch.Tests", "Docs", "ReadmeSnippets.cs")));
        var lines = Lines(snippet);
        var code = lines.SkipWhile(IsImport).ToArray();
        Assert.NotEmpty(code);
        Assert.Contains(Enumerable.Range(0, source.Length), start => source.Skip(start).Take(code.Length).SequenceEqual(code));
        Assert.All(lines.TakeWhile(IsImport), import => Assert.Contains(import, source));
    }

    /// <summary>The files that the README points to are there.</summary>
    [Fact]
    public void LinksLeadSomewhere() => Assert.All(
        Link().Matches(Readme).Select(match => match.Groups[1].Value).Where(link => !link.StartsWith("http", StringComparison.Ordinal)),
        link => Assert.True(File.Exists(Path.Combine(Repository.Root, link)), $"README.md links to {link}, which is not there."));

    private static bool IsImport(string line) => Import().IsMatch(line);

    private static string[] Lines(string text) => [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];

    [GeneratedRegex(@"```csharp\r?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharp();

    [GeneratedRegex(@"\]\(([^)#]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^using (static )?[\w.]+;$")]
    private static partial Regex Import();
}
