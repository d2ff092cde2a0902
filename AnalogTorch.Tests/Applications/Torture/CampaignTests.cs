using System.Text.Json.Nodes;
using AnalogTorch.Examples.Torture;
using AnalogTorch.Tests.Examples;

namespace AnalogTorch.Tests.Torture;

/// <summary>The campaign for reliability, made small; <c>examples -- torture --long</c> is the whole.</summary>
public class CampaignTests
{
    /// <summary>Kills, cut saves, threads and replays in processes of their own, as a user would run them.</summary>
    [Theory]
    [InlineData("kills", 3)]
    [InlineData("files", 60)]
    [InlineData("threads", 30)]
    [InlineData("replay", 6)]
    public async Task APartHoldsMadeSmall(string part, int amount)
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = await ExampleProcess.Run("torture", "--parts", part, "--amount", $"{amount}", "--out", folder.At("out"));
        Assert.True(code == 0, $"{error}{output}");
        var rows = JsonNode.Parse(File.ReadAllText(folder.At("out", "metrics.json")))!["rows"]!.AsArray();
        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.Equal(0, (double)row!["failures"]!));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void ExtremeConfigsBuildInTimeOrAreRefused(int kind)
    {
        // Time is that of the process, in which other tests run: what seems slow is tried again.
        for (var number = kind; number < 60; number += 3)
            Assert.Null(ConfigPart.Outcome(Stat.Seed, number).Fault is not null && ConfigPart.Outcome(Stat.Seed, number) is { Fault: { } fault } again ? $"{again.Number}: {fault} {again.Config}" : null);
    }

    [Fact]
    public void TheDiceOfConfigsAreThoseOfEveryProcess() =>
        Assert.Equal(ConfigPart.Outcome(5, 7) with { Seconds = 0 }, ConfigPart.Outcome(5, 7) with { Seconds = 0 });
}
