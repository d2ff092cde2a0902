using System.Text.Json.Nodes;

namespace AnalogTorch.Tests.Examples;

/// <summary>The example with a network of one's own, as a user runs it.</summary>
public class ConvnetExampleTests
{
    [Fact]
    public async Task TrainsAndReports()
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = await ExampleProcess.Run("convnet", "--quick", "--images", "200", "--epochs", "2", "--seeds", "2", "--out", folder.At("out"));
        Assert.True(code == 0, error);
        Assert.Contains("hardware-aware", output, StringComparison.Ordinal);

        var metrics = JsonNode.Parse(File.ReadAllText(folder.At("out", "metrics.json")))!;
        Assert.Equal("convnet", (string?)metrics["example"]);
        Assert.Equal("embedded", (string?)metrics["data"]);
        Assert.True((bool)metrics["complete"]!);
        Assert.Equal(200, (int)metrics["config"]!["training_images"]!);
        Assert.NotNull(metrics["config"]!["ways"]!["msp-lsp"]!["hardware"]!["Cell"]);
        var rows = metrics["rows"]!.AsArray();
        Assert.Equal(["digital", "hardware-aware", "msp-lsp"], rows.Select(row => (string?)row!["name"]));
        string[] members = ["test_accuracy", "test_accuracy_std", "seconds", "test_accuracy_last", "gap_to_digital", "images_per_second"];
        Assert.All(rows, row => Assert.All(members, member => Assert.InRange((double)row![member]!, -1, 1e6)));
        Assert.All(rows, row => Assert.True((double)row!["test_accuracy"]! > 0.15 && (int)row["seeds"]! == 2)); // a guess gets 10 %
        // Four layers, biases included: 8·26, 16·201, 64·257, 10·65.
        Assert.All(rows.Skip(1), row => Assert.Equal((20_522, 4), ((int)row!["weights"]!, (int)row["tiles"]!)));
        Assert.True((long)rows[2]!["devices"]! > 3 * 20_522);
        Assert.Null(rows[0]!["devices"]);

        var report = File.ReadAllText(folder.At("out", "report.html"));
        Assert.All(["conv1", "conv2", "fc1", "fc2", "25 → 8", "MspLspCell", "What became of the layers: msp-lsp"], part => Assert.Contains(part, report, StringComparison.Ordinal));
        Assert.Equal([Path.Combine("out", "metrics.json"), Path.Combine("out", "report.html")], folder.Files());
    }

    [Fact]
    public async Task SameSeedGivesTheSameFigures()
    {
        using var folder = new TemporaryFolder();
        var accuracies = new List<string>();
        foreach (var run in (string[])["first", "second"])
        {
            var (code, _, error) = await ExampleProcess.Run("convnet", "--quick", "--images", "100", "--epochs", "1", "--ways", "msp-lsp", "--seed", "7", "--batch", "2", "--out", folder.At(run));
            Assert.True(code == 0, error);
            var row = JsonNode.Parse(File.ReadAllText(folder.At(run, "metrics.json")))!["rows"]![0]!;
            Assert.Null(row["gap_to_digital"]);
            accuracies.Add($"{row["test_accuracy"]}");
        }
        Assert.Equal(accuracies[0], accuracies[1]);
    }

    [Theory]
    [InlineData(2, "--ways must be made of digital, hardware-aware, msp-lsp, but has 'pcm-pair'", "--ways", "pcm-pair")]
    [InlineData(2, "--batch must be a whole number", "--batch", "0")]
    [InlineData(2, "convnet has no option '--dataset'", "--dataset", "backrand")]
    [InlineData(1, "nowhere", "--data", "nowhere")]
    public async Task WrongArgumentsAreAnsweredByOneSentence(int expected, string part, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var (code, _, error) = await ExampleProcess.Run(["convnet", "--out", folder.At("out"), .. arguments]);
        Assert.Equal(expected, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        Assert.DoesNotContain(folder.Files(), file => file.EndsWith("metrics.json", StringComparison.Ordinal));
    }

    /// <summary>The network is plain TorchSharp, and so is the loop but for the lines that are marked.</summary>
    [Fact]
    public void OnlyTheMarkedLinesAreAnalog()
    {
        var network = Source("DigitNet.cs");
        Assert.DoesNotContain("analog", network, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("private readonly Conv2d conv1 = Conv2d(", network, StringComparison.Ordinal);

        OrdinaryLoop.AssertOnlyMarkedLinesAreAnalog("Convnet", "TrainingLoop.cs");
    }

    private static string Source(string file) => File.ReadAllText(Path.Combine(Repository.Root, "examples", "Convnet", file));
}
