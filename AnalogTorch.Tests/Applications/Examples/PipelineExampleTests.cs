using System.Text.Json.Nodes;
using AnalogTorch.Tests.Networks;
using Microsoft.ML;

namespace AnalogTorch.Tests.Examples;

/// <summary>The ML.NET example, as a user runs it.</summary>
public class PipelineExampleTests
{
    [Fact]
    public async Task DrawnTablesAreLearntByAllTrainers()
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = await ExampleProcess.Run(["mlnet", "--quick", "--out", folder.At("out")]);
        Assert.True(code == 0, error);
        var rows = Metrics(folder);
        foreach (var table in new[] { "waveform", "shell", "friedman" })
            foreach (var way in new[] { "sdca", "lbfgs", "digital", "digital-day", "aware", "aware-day-by-factors", "aware-day", "aware-year", "in-memory" })
                Assert.True(double.IsFinite((double)rows.Single(row => (string?)row!["name"] == $"{table}-{way}")![table == "friedman" ? "rmse" : "test_accuracy"]!));
        var report = await File.ReadAllTextAsync(folder.At("out/report.html"));
        Assert.All(["waveform", "network, hardware-aware", "root of the mean squared error"], part => Assert.Contains(part, report, StringComparison.Ordinal));
        Assert.Contains("mlContext.Model.Load reads them", output, StringComparison.Ordinal);
        // A saved pipeline is made anew, network included, once it sees a schema.
        var model = new MLContext().Model.Load(folder.At("out/models/shell-aware-42.zip"), out var schema);
        Assert.Equal(["PredictedLabel", "Score", "Probability"], model.GetOutputSchema(schema).Select(column => column.Name).TakeLast(3));
    }

    [RealDataFact]
    public async Task FilesAreRead()
    {
        using var folder = new TemporaryFolder();
        var (code, _, error) = await ExampleProcess.Run(["mlnet", "--quick", "--out", folder.At("out"), "--data", Repository.DataFolder!, "--tables", "iris,optdigits,breast-cancer,california-housing,cifar10-images", "--ways", "digital,aware", "--chip", "four-devices"]);
        Assert.True(code == 0, error);
        Assert.InRange((double)Metrics(folder).Single(row => (string?)row!["name"] == "breast-cancer-digital")!["test_accuracy"]!, 0.9, 1);
        Assert.Equal(30, Metrics(folder).Count);
    }

    [Theory]
    [InlineData(2, "--tables iris needs --data DIR with tabular/iris.txt", "--tables", "iris")]
    [InlineData(1, "must hold tabular/iris.txt", "--tables", "iris", "--data", ".")]
    [InlineData(2, "--tables must be made of", "--tables", "moons")]
    [InlineData(2, "--ways must be made of", "--ways", "magic")]
    [InlineData(2, "--chips must be", "--chips", "0")]
    [InlineData(2, "--chip must be one of precise, four-devices, two-devices, but is 'potato'", "--chip", "potato")]
    public async Task WrongArgumentsAreAnsweredByOneSentence(int expected, string part, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var (code, _, error) = await ExampleProcess.Run(["mlnet", "--out", folder.At("out"), .. arguments]);
        Assert.Equal(expected, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    private static JsonArray Metrics(TemporaryFolder folder) => (JsonArray)JsonNode.Parse(File.ReadAllText(folder.At("out/metrics.json")))!["rows"]!;
}
