using System.Text.RegularExpressions;
using AnalogTorch.Tests.Packages;

namespace AnalogTorch.Tests.Docs;

/// <summary>The code that pages show is code that is compiled and run.</summary>
public partial class SnippetTests
{
    private static readonly Lazy<string[][]> Sources = new(() =>
    [
        .. new[] { "AnalogTorch", "AnalogTorch.Models", "AnalogTorch.Tests", "AnalogTorch.Laws", "examples", "templates" }.Where(folder => Directory.Exists(Path.Combine(Repository.Root, folder)))
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).Select(file => Lines(File.ReadAllText(file))),
    ]);

    public static TheoryData<string, string> CSharp => Snippets("csharp");

    public static TheoryData<string, string> FSharp => Snippets("fsharp");

    /// <summary>Every C# block stands, line by line, in a file of the tests or of the examples, below the same imports.</summary>
    [Theory]
    [MemberData(nameof(CSharp))]
    public void CSharpIsCompiledAndRun(string page, string snippet)
    {
        var lines = Lines(snippet);
        var code = lines.SkipWhile(IsImport).ToArray();
        Assert.NotEmpty(code);
        var source = Sources.Value.FirstOrDefault(source => Enumerable.Range(0, source.Length).Any(start => source.Skip(start).Take(code.Length).SequenceEqual(code)));
        Assert.True(source is not null, $"The code of {page} that begins with '{code[0]}' must stand in a file that is compiled, line by line.");
        Assert.All(lines.TakeWhile(IsImport), import => Assert.Contains(import, source));
    }

    /// <summary>Every F# block is the program that is built against the packages.</summary>
    [Theory]
    [MemberData(nameof(FSharp))]
    public void FSharpIsCompiledAndRun(string page, string snippet) =>
        Assert.True(Lines(OutsidePrograms.FSharp).Take(Lines(snippet).Length).SequenceEqual(Lines(snippet)), $"The F# of {page} must be the beginning of OutsidePrograms.FSharp.");

    private static TheoryData<string, string> Snippets(string language)
    {
        var data = new TheoryData<string, string>();
        foreach (var page in Page.All)
            foreach (var block in page.Blocks(language))
                data.Add(page.Path, block);
        return data;
    }

    private static bool IsImport(string line) => Import().IsMatch(line);

    private static string[] Lines(string text) => [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];

    [GeneratedRegex(@"^using (static )?[\w.]+;$")]
    private static partial Regex Import();
}
