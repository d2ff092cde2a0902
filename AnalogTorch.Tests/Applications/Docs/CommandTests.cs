using System.Text.RegularExpressions;
using AnalogTorch.Examples;
using AnalogTorch.Tests.Examples;
using AnalogTorch.Tests.Native;
using AnalogTorch.Tests.Packages;

namespace AnalogTorch.Tests.Docs;

/// <summary>The commands that pages name are commands that the program takes.</summary>
public partial class CommandTests
{
    private const string Prefix = "dotnet run -c Release --project examples -- ";

    public static TheoryData<string, string> Commands
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var page in Page.Guides)
                foreach (var line in page.Blocks("").SelectMany(block => block.Split('\n')).Where(line => line.StartsWith(Prefix, StringComparison.Ordinal)).Distinct())
                    data.Add(page.Path, line[Prefix.Length..]);
            foreach (var command in OfResults())
                data.Add("docs/results.md", command);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void IsACommandOfTheProgram(string page, string command) =>
        Assert.True(Program().Fault(command.Split(' ')) is null, $"{page} names the command '{command}', but: {Program().Fault(command.Split(' '))}");

    /// <summary>Every example has a line in the list of examples.</summary>
    [Fact]
    public void EveryExampleIsListed()
    {
        var page = Page.All.Single(page => page.Path == "docs/examples.md").Text;
        Assert.All(AllExamples.Create(), example => Assert.Contains($"| `{example.Name}` |", page, StringComparison.Ordinal));
    }

    /// <summary>What the script runs again is every command of the tables of results.</summary>
    [LinuxFact]
    public void TheScriptRunsWhatTheResultsName()
    {
        var listed = OutsideProcess.Run(Repository.Root, "bash", "docs/regenerate.sh", "--list").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(listed);
        Assert.Equal(OfResults(), listed);
    }

    private static string[] OfResults() => [.. FirstCell().Matches(Page.All.Single(page => page.Path == "docs/results.md").Text).Select(match => match.Groups[1].Value)];

    private static ExampleProgram Program() => new(AllExamples.Create(), TextWriter.Null, TextWriter.Null, StubExample.Plain(TextWriter.Null));

    [GeneratedRegex(@"^\| `([a-z]+[^`]*)` \|", RegexOptions.Multiline)]
    private static partial Regex FirstCell();
}
