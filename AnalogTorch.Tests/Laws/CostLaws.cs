using AnalogTorch.Core;
using AnalogTorch.Energy;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>What holds for every cost model.</summary>
public static class CostLaws
{
    public static void PartsAddUpToTotals(HardwareCost model)
    {
        var report = model.Of(Sample);
        Assert.True(report.JoulesPerInference > 0 && report.SecondsPerInference > 0 && report.SquareMetres > 0 && report.TopsPerWatt > 0);
        Close(report.JoulesPerInference, report.Energy.Values.Sum());
        Close(report.JoulesPerInference, report.Layers.Sum(layer => layer.Joules) / Sample.Samples);
        var json = report.ToJson();
        Close(report.JoulesPerInference, json["layers"]!.AsArray().Sum(layer => (double)layer!["joules"]!));
        Close(report.JoulesPerInference, json["energy"]!.AsObject().Sum(part => (double)part.Value!));
        Close((double)json["operations"]! / (double)json["joules_per_inference"]! / 1e12, report.TopsPerWatt);
        Assert.Contains(report.Hardware.Source, report.ToString(), StringComparison.Ordinal);
        Assert.True(report.PipelinedSeconds <= report.SecondsPerInference);
    }

    public static void NoActivityCostsNoEnergyAndNoTime(HardwareCost model)
    {
        var idle = Sample with { Layers = [.. Sample.Layers.Select(layer => layer with { Reads = 0, DigitalElements = 0, Activations = 0 })] };
        var report = model.Of(idle);
        Assert.Equal((0, 0, 0), (report.JoulesPerInference, report.SecondsPerInference, report.TopsPerWatt));
        Assert.Equal(model.Of(Sample).SquareMetres, report.SquareMetres);
    }

    public static void TwiceTheInputsCostTwiceAsMuchOnTheSameArea(HardwareCost model)
    {
        var (once, twice) = (model.Of(Sample), model.Of(Count(4)));
        Close(once.JoulesPerInference, twice.JoulesPerInference); // of each inference
        Close(2 * once.Layers.Sum(layer => layer.Joules), twice.Layers.Sum(layer => layer.Joules));
        Close(2 * once.Layers.Sum(layer => layer.Seconds), twice.Layers.Sum(layer => layer.Seconds));
        Assert.Equal(once.SquareMetres, twice.SquareMetres);
        Assert.Equal(Sample.Layers.Select(layer => 2 * layer.Reads), twice.Census.Layers.Select(layer => layer.Reads));
    }

    public static void TheOrderOfLayersChangesNothing(HardwareCost model)
    {
        var (report, other) = (model.Of(Sample), model.Of(Sample with { Layers = [.. Sample.Layers.Reverse()] }));
        Close(report.JoulesPerInference, other.JoulesPerInference);
        Close(report.SecondsPerInference, other.SecondsPerInference);
        Close(report.PipelinedSeconds, other.PipelinedSeconds);
        Close(report.SquareMetres, other.SquareMetres);
        Assert.Equal(report.Devices, other.Devices);
    }

    public static void SaysWhereItsNumbersComeFrom(HardwareCost model) => Assert.True(model.Source.Length > 40);

    private static readonly nn.Module<Tensor, Tensor> Network = nn.Sequential(
        ("conv", nn.Conv2d(3, 16, 3, padding: 1)), ("norm", nn.BatchNorm2d(16)), ("act", nn.ReLU()), ("pool", nn.AvgPool2d(8)), ("flat", nn.Flatten()),
        ("fc", nn.Linear(256, 10)));

    private static readonly Census Sample = Count(2);

    private static void Close(double expected, double actual) => Assert.Equal(expected, actual, 1e-9 * Math.Abs(expected));

    private static Census Count(long samples)
    {
        using var scope = NewDisposeScope();
        Network.eval();
        return Network.TakeCensus(zeros(samples, 3, 32, 32));
    }
}
