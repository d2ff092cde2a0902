using System.Text.RegularExpressions;

namespace AnalogTorch.Tests.Docs;

/// <summary>Every C# block of docs/extending.md stands, line by line, in a file of examples/Extending, which is compiled and run.</summary>
public partial class ExtendingPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "extending.md"));

    private static readonly string[][] Sources =
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "examples", "Extending"), "*.cs").Select(file => Lines(File.ReadAllText(file)))];

    public static TheoryData<string> Snippets => new(CSharp().Matches(Page).Select(match => match.Groups[1].Value));

    [Theory]
    [MemberData(nameof(Snippets))]
    public void IsCompiledAndRun(string snippet)
    {
        var lines = Lines(snippet);
        Assert.NotEmpty(lines);
        Assert.Contains(Sources, source => Enumerable.Range(0, source.Length).Any(start => source.Skip(start).Take(lines.Length).SequenceEqual(lines)));
    }

    [Fact]
    public void EveryFileHasItsPlaceOnThePage() => Assert.All(
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "examples", "Extending"), "*.cs").Select(Path.GetFileName),
        name => Assert.Contains($"[`{name}`](../examples/Extending/{name})", Page));

    private static string[] Lines(string text) => [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];

    [GeneratedRegex(@"```csharp\r?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharp();
}
