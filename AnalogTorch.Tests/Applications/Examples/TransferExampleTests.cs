using System.Text.Json.Nodes;

namespace AnalogTorch.Tests.Examples;

/// <summary>The transfer example, as a user runs it.</summary>
public class TransferExampleTests
{
    [Fact]
    public async Task HeadsAndNetworksAreTrainedAndProgrammed()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["transfer", "--quick", "--out", folder.At("out"), "--images", "200", "--test-images", "100"];
        var (code, output, error) = await ExampleProcess.Run([.. small, "--epochs", "2"]);
        Assert.True(code == 0, error);
        var rows = Metrics(folder);
        foreach (var name in new[] { "digital", "pcm-pair", "msp-lsp", "plain", "hwa", "plain-day", "hwa-day", "hwa-day-uncompensated", "hwa-year" })
            Assert.InRange((double)rows.Single(row => (string?)row!["name"] == name)!["test_accuracy"]!, 0.05, 1);
        Assert.Equal(650, (int)rows.Single(row => (string?)row!["name"] == "msp-lsp")!["weights"]!); // 64 features and the bias, 10 classes
        var report = await File.ReadAllTextAsync(folder.At("out/report.html"));
        Assert.All(["A new last layer", "fine-tuned and programmed", "What became of the layers: msp-lsp"], part => Assert.Contains(part, report, StringComparison.Ordinal));
        Assert.Contains("backbone", output, StringComparison.Ordinal);

        // Backbone and features are there now.
        (code, output, error) = await ExampleProcess.Run([.. small, "--mode", "inmemory"]);
        Assert.True(code == 0, error);
        Assert.DoesNotContain("No backbone yet", output, StringComparison.Ordinal);
        Assert.Equal(["in-memory"], Metrics(folder).Select(row => (string?)row!["name"]));
    }

    [Theory]
    [InlineData(2, "--mode must be made of head, finetune, inmemory, but has 'tail'", "--mode", "tail")]
    [InlineData(2, "--weights must be a file that exists", "--weights", "nowhere.pth")]
    [InlineData(2, "--target cifar10 needs --data DIR", "--target", "cifar10")]
    [InlineData(2, "--backbone needs weights", "--backbone", "resnet18")]
    [InlineData(1, "nowhere", "--data", "nowhere")]
    public async Task WrongArgumentsAreAnsweredByOneSentence(int expected, string part, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var (code, _, error) = await ExampleProcess.Run(["transfer", "--out", folder.At("out"), .. arguments]);
        Assert.Equal(expected, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task DataWithoutWeightsIsAnsweredByOneSentence()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("data"));
        var (code, _, error) = await ExampleProcess.Run(["transfer", "--out", folder.At("out"), "--data", folder.At("data")]);
        Assert.Equal(1, code);
        Assert.Contains("must hold weights/squeezenet1_1", error, StringComparison.Ordinal);
    }

    /// <summary>The loop is plain TorchSharp but for the lines that are marked: the conversion and the optimizer.</summary>
    [Fact]
    public void OnlyTheMarkedLinesAreAnalog()
    {
        OrdinaryLoop.AssertOnlyMarkedLinesAreAnalog("Transfer", "TransferLoop.cs");
    }

    private static JsonArray Metrics(TemporaryFolder folder) => JsonNode.Parse(File.ReadAllText(folder.At("out/metrics.json")))!["rows"]!.AsArray();
}
