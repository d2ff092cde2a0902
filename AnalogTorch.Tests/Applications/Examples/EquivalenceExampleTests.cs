using System.Text.Json.Nodes;
using AnalogTorch.Examples;
using AnalogTorch.Examples.Equivalence;

namespace AnalogTorch.Tests.Examples;

/// <summary>The example that holds training in memory against floating point, and the statistics of its verdicts.</summary>
public class EquivalenceExampleTests
{
    [Fact]
    public async Task ChoosesRatesTrainsAndSaysHowFarBehind()
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = await ExampleProcess.Run(
            "equivalence", "--quick", "--problems", "waveform", "--ways", "msp-lsp", "--seeds", "2", "--out", folder.At("out"));
        Assert.True(code == 0, error);
        Assert.Contains("too short", output, StringComparison.Ordinal); // 500 samples twice are no transfer
        var metrics = JsonNode.Parse(File.ReadAllText(folder.At("out", "metrics.json")))!;
        var rows = metrics["rows"]!.AsArray();
        Assert.Equal(["waveform/digital", "waveform/msp-lsp"], rows.Select(row => (string?)row!["name"]));
        Assert.All(rows, row => Assert.Equal(2, (int)row!["seeds"]!));
        Assert.InRange((double)rows[1]!["test_accuracy"]!, 0.6, 1); // a guess gets a third
        Assert.True((double)rows[1]!["gap_interval"]! > 0);
        Assert.Null(rows[0]!["gap_points"]);
        Assert.All(rows, row => Assert.Contains((double)row!["learning_rate"]!, metrics["config"]!["rates"]!.AsArray().Select(rate => (double)rate!)));
        Assert.Contains("waveform: Breiman", File.ReadAllText(folder.At("out", "report.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--problems must be made of", "--problems", "nothing")]
    [InlineData("--problems optdigits needs --data DIR", "--problems", "optdigits")]
    [InlineData("--samples must be a whole number", "--samples", "1")]
    public async Task WrongArgumentsAreAnsweredByOneSentence(string part, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var (code, _, error) = await ExampleProcess.Run(["equivalence", "--out", folder.At("out"), .. arguments]);
        Assert.Equal(2, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    /// <summary>Two seeds on four samples, worked out by hand.</summary>
    [Fact]
    public void AGapHasTheErrorOfItsSeedsAndOfItsSamples()
    {
        var gap = Gap.Of([Of(1, [1, 1, 1, 0], [0.9, 1]), Of(2, [1, 1, 1, 1], [0.9, 1])], [Of(1, [1, 0, 1, 0], [0.8, 1]), Of(2, [1, 0, 1, 0], [0.7, 0.9])])!;
        Assert.Equal(37.5, gap.Points, 1e-9); // 25 and 50
        Assert.Equal(12.5, gap.OfSeeds, 1e-9); // 17.68/√2
        Assert.Equal(Math.Sqrt((62.5 * 62.5 + 2 * 37.5 * 37.5 + 12.5 * 12.5) / 3) / 2, gap.OfSamples, 1e-9); // of 0, 100, 0, 50
        Assert.Equal(Math.Sqrt(Math.Pow(12.706 * 12.5, 2) + Math.Pow(1.96 * gap.OfSamples, 2)), gap.Half, 0.1);
        Assert.Equal((5 + 15) / 2, gap.Area, 1e-9);
    }

    [Theory]
    [InlineData(0.05, 0.2, "equivalent")]
    [InlineData(-0.1, 0.19, "equivalent")]
    [InlineData(0.2, 0.15, "behind, perhaps by little")]
    [InlineData(0.2, 0.3, "not told apart")]
    [InlineData(1, 0.5, "behind")]
    [InlineData(-1, 0.5, "ahead")]
    public void NothingIsCalledEquivalentThatIsNotShown(double points, double half, string verdict) => Assert.Equal(verdict, new Gap(points, 0, 0, half, 0, 3).Verdict);

    [Fact]
    public void OneSeedHasNoInterval() => Assert.Equal("one seed: no interval", new Gap(0, 0, 0, double.PositiveInfinity, 0, 1).Verdict);

    [Fact]
    public void TrainingsWithoutATransferAreSaidToBeTooShort()
    {
        Assert.Null(TransferCount.Warning([("digital", null), ("msp-lsp", 1)]));
        Assert.Contains("a layer of a and b was never transferred", TransferCount.Warning([("digital", null), ("a", 0), ("b", 0), ("a", 0), ("c", 3)]), StringComparison.Ordinal);
    }

    private static EquivalenceResult Of(long seed, double[] right, double[] curve) => new("", seed, curve, 0, right, null);
}
