using System.Text.Json.Nodes;

namespace AnalogTorch.Tests.Examples;

/// <summary>The energy example, as a user runs it.</summary>
public class EnergyExampleTests
{
    [Fact]
    public async Task CostsStandBesideAccuracy()
    {
        using var folder = new TemporaryFolder();
        var (code, _, error) = await ExampleProcess.Run(["energy", "--quick", "--images", "200", "--epochs", "2", "--networks", "resnet18,char_lstm", "--out", folder.At("out")]);
        Assert.True(code == 0, error);
        var rows = JsonNode.Parse(await File.ReadAllTextAsync(folder.At("out/metrics.json")))!["rows"]!.AsArray();
        JsonNode Row(string name) => rows.Single(row => (string?)row!["name"] == name)!;
        Assert.InRange((double)Row("mnist-90nm")["tops_per_watt"]!, 15.2 * 0.99, 15.2 * 1.01);
        Assert.InRange((double)Row("ptb-lstm-90nm")["tops_per_watt"]!, 14.05 * 0.99, 14.05 * 1.01);
        Assert.Equal(2_566_400, (int)Row("ptb-lstm-90nm")["devices"]!);
        string[] figures = ["tops_per_watt", "joules_per_inference", "seconds_per_inference", "square_metres"];
        Assert.All(rows, row => Assert.All(figures, figure => Assert.True((double)row![figure]! > 0, $"{row["name"]} has no {figure}.")));
        Assert.All(rows.Where(row => ((string)row!["name"]!).StartsWith("mlp-", StringComparison.Ordinal)), row => Assert.InRange((double)row!["test_accuracy"]!, 0.02, 1));
        foreach (var name in new[] { "resnet18-14nm", "char_lstm-90nm", "mnist-training-90nm", "convnet-day", "mlp-day", "mlp-tiles of 512, 8 bits, headroom 2" })
            Row(name);
        var report = await File.ReadAllTextAsync(folder.At("out/report.html"));
        Assert.All(["The two levers", "What accuracy costs", "Training in memory", "calibrated here"], part => Assert.Contains(part, report, StringComparison.Ordinal));
    }
}
