using System.Text.Json.Nodes;
using AnalogTorch.Examples;

namespace AnalogTorch.Tests.Examples;

public sealed class ExampleRunTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void MetricsHaveTheAgreedForm()
    {
        var example = Open(new RunOptions { Output = folder.At("out"), Seed = 5, Seeds = 2 });
        example.Config = new JsonObject { ["kind"] = "MspLspCell", ["Gain"] = 3 };
        example.AddRow("digital", ("test_accuracy", 0.9821), ("test_accuracy_std", 0.0005), ("seconds", 12.5));
        example.AddRow("pcm-pair", ("test_accuracy", double.NaN));
        example.Save(complete: true);

        var metrics = JsonNode.Parse(File.ReadAllText(folder.At("out", "metrics.json")))!.AsObject();
        Assert.Equal(
            ["example", "version", "git", "seed", "seeds", "seconds", "data", "complete", "quick", "command", "config", "rows"],
            metrics.Select(member => member.Key));
        Assert.Equal("stub", (string?)metrics["example"]);
        Assert.Equal(5, (long)metrics["seed"]!);
        Assert.Equal(2, (int)metrics["seeds"]!);
        Assert.Equal("embedded", (string?)metrics["data"]);
        Assert.True((bool)metrics["complete"]!);
        Assert.InRange((double)metrics["seconds"]!, 0, 600);
        Assert.Matches(@"^\d+\.\d+\.\d+", (string?)metrics["version"]);
        Assert.Matches("^([0-9a-f]{40}|unknown)$", (string?)metrics["git"]);
        Assert.Equal("""{"kind":"MspLspCell","Gain":3}""", metrics["config"]!.ToJsonString());
        Assert.Equal(
            """[{"name":"digital","test_accuracy":0.9821,"test_accuracy_std":0.0005,"seconds":12.5},{"name":"pcm-pair","test_accuracy":null}]""",
            metrics["rows"]!.ToJsonString());
    }

    [Fact]
    public void SavingAgainReplacesBothFilesAndLeavesNoOther()
    {
        var run = Open(new RunOptions { Output = folder.Path });
        run.AddRow("a", ("x", 1));
        run.Save(complete: false);
        run.AddRow("b", ("x", 2));
        run.Save(complete: true);
        Assert.Equal(["metrics.json", "report.html"], folder.Files());
        var metrics = File.ReadAllText(folder.At("metrics.json"));
        Assert.Contains("\"complete\": true", metrics);
        Assert.Contains("\"b\"", metrics);
    }

    [Fact]
    public void FileThatCannotBeReplacedStaysWhole()
    {
        // A folder of that name cannot be overwritten by a file, whoever the user is.
        Directory.CreateDirectory(folder.At("metrics.json"));
        var run = Open(new RunOptions { Output = folder.Path });
        var message = Assert.Throws<IOException>(() => run.Save(complete: true)).Message;
        Assert.Contains("metrics.json", message);
        Assert.Contains("--out", message);
        Assert.Empty(folder.Files());
    }

    [Fact]
    public void RowWithoutNameIsRefused() =>
        Assert.Throws<ArgumentException>(() => Open(new RunOptions { Output = folder.Path }).AddRow(new JsonObject { ["x"] = 1 }));

    [Fact]
    public void RowsMayComeFromManyThreads()
    {
        var run = Open(new RunOptions { Output = folder.Path });
        Parallel.For(0, 1000, i => run.AddRow($"row {i}", ("x", i)));
        run.Save(complete: true);
        var rows = JsonNode.Parse(File.ReadAllText(run.MetricsPath))!["rows"]!.AsArray();
        Assert.Equal(1000, rows.Select(row => (string)row!["name"]!).Distinct().Count());
    }

    private static ExampleRun Open(RunOptions options) => ExampleRun.Open("stub", options, StubExample.Plain(TextWriter.Null), default);
}
