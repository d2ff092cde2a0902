using System.Text.Json.Nodes;

namespace AnalogTorch.Tests.Examples;

/// <summary>The examples on programmed memory, as a user runs them.</summary>
public class DeploymentExamplesTests
{
    [Fact]
    public async Task ProgramReportsFailuresAndANetwork()
    {
        var (metrics, report) = await Run("program", "--quick", "--side", "32", "--images", "200", "--epochs", "1");
        var rows = metrics["rows"]!.AsArray();
        foreach (var name in new[] { "gaussian", "laplace", "uniform" })
        {
            var row = rows.Single(row => (string?)row!["name"] == name)!;
            Assert.InRange((double)row["failed_fraction"]!, 0, 0.1); // a thousand weights
            Assert.InRange((double)row["rms_error"]!, 0.005, 0.04);
            Assert.InRange((double)row["pulses_per_weight"]!, 4, 84);
            Assert.InRange((double)row["seconds"]!, 0, 60);
        }
        Assert.All(["mlp digital", "mlp one-shot", "mlp four-phase"], name => Assert.InRange((double)rows.Single(row => (string?)row!["name"] == name)!["test_accuracy"]!, 0.05, 1));
        Assert.All(["The error after each phase", "Programmed against target weight", "budget [pulses per phase]", "A network before and after"], part => Assert.Contains(part, report, StringComparison.Ordinal));
    }

    [Fact]
    public async Task DriftFollowsChipsForTenYears()
    {
        var (metrics, report) = await Run("drift", "--quick", "--images", "200", "--epochs", "2", "--ways", "mlp,mlp-hwa");
        var rows = metrics["rows"]!.AsArray();
        Assert.All(["mlp", "mlp-hwa"], way => Assert.InRange((double)rows.Single(row => (string?)row!["name"] == way)!["test_accuracy"]!, 0.05, 1));
        var series = rows.Where(row => row!["time"] is not null).ToArray();
        Assert.Equal(2 * 4 * 7, series.Length); // networks, compensations, times
        Assert.Equal([1.0, 60, 3600, 86400, 2592000, 31536000, 315360000], series.Take(7).Select(row => (double)row!["time"]!));
        Assert.All(series, row => Assert.InRange((double)row!["test_accuracy"]!, 0, 1));
        Assert.Contains("Accuracy after programming", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("characters")]
    [InlineData("words")]
    public async Task LstmComparesDeployments(string text)
    {
        var (metrics, report) = await Run("lstm", "--quick", "--text", text, "--epochs", "1", "--hidden", "16");
        var rows = metrics["rows"]!.AsArray();
        foreach (var name in new[] { "digital", "programmed", "programmed-hwa", "day", "day-hwa" })
            Assert.InRange((double)rows.Single(row => (string?)row!["name"] == name)!["cross_entropy"]!, 0.5, 7); // an untrained network is at the logarithm of some 700 words
        Assert.Contains("Cross-entropy of the test text", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LanguageComparesAgesAndMeasures()
    {
        var (metrics, report) = await Run("language", "--quick");
        var rows = metrics["rows"]!.AsArray();
        foreach (var name in new[] { "digital", "programmed", "day", "year", "day-recalibrated", "day-adapters", "hwa-day", "hwa-year-recalibrated" })
        {
            var row = rows.Single(row => (string?)row!["name"] == name)!;
            Assert.InRange((double)row["cross_entropy"]!, 0.5, 6);
            Assert.InRange((double)row["agreement"]!, 0, 1);
            Assert.InRange((double)row["joules_per_token"]!, 1e-12, 1e-2);
        }
        Assert.Equal(2 * 7, rows.Count(row => ((string)row!["name"]!).StartsWith("matrix ", StringComparison.Ordinal)));
        Assert.All(["With and without each measure", "Which matrix suffers most", "Texts from the same beginning"], part => Assert.Contains(part, report, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, "--text alice needs --data DIR", "lstm", "--text", "alice")]
    [InlineData(2, "--ways must be made of mlp, mlp-hwa, convnet, convnet-hwa, but has 'lstm'", "drift", "--ways", "lstm")]
    [InlineData(2, "--side must be a whole number", "program", "--side", "-3")]
    [InlineData(1, "nowhere", "program", "--data", "nowhere")]
    public async Task WrongArgumentsAreAnsweredByOneSentence(int expected, string part, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var (code, _, error) = await ExampleProcess.Run([.. arguments, "--out", folder.At("out")]);
        Assert.Equal(expected, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
    }

    private static async Task<(JsonNode Metrics, string Report)> Run(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var (code, _, error) = await ExampleProcess.Run([.. arguments, "--out", folder.At("out")]);
        Assert.True(code == 0, error);
        var metrics = JsonNode.Parse(File.ReadAllText(folder.At("out", "metrics.json")))!;
        Assert.Equal(arguments[0], (string?)metrics["example"]);
        Assert.True((bool)metrics["complete"]!);
        return (metrics, File.ReadAllText(folder.At("out", "report.html")));
    }
}
