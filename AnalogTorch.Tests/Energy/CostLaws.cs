using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Models.Networks;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Energy;

/// <summary>What holds for every cost model that the catalog finds.</summary>
public class CostLaws
{
    private static readonly Census Sample = Count(2);

    public static TheoryData<string> Models => new(Catalog.Variants<HardwareCost>().Where(type => type.Assembly == typeof(HardwareCost).Assembly).Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Models))]
    public void PartsAddUpToTotals(string name)
    {
        var report = Of(name).Of(Sample);
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

    [Theory]
    [MemberData(nameof(Models))]
    public void NoActivityCostsNoEnergyAndNoTime(string name)
    {
        var idle = Sample with { Layers = [.. Sample.Layers.Select(layer => layer with { Reads = 0, DigitalElements = 0, Activations = 0 })] };
        var report = Of(name).Of(idle);
        Assert.Equal((0, 0, 0), (report.JoulesPerInference, report.SecondsPerInference, report.TopsPerWatt));
        Assert.Equal(Of(name).Of(Sample).SquareMetres, report.SquareMetres);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void TwiceTheInputsCostTwiceAsMuchOnTheSameArea(string name)
    {
        var (once, twice) = (Of(name).Of(Sample), Of(name).Of(Count(4)));
        Close(once.JoulesPerInference, twice.JoulesPerInference); // of each inference
        Close(2 * once.Layers.Sum(layer => layer.Joules), twice.Layers.Sum(layer => layer.Joules));
        Close(2 * once.Layers.Sum(layer => layer.Seconds), twice.Layers.Sum(layer => layer.Seconds));
        Assert.Equal(once.SquareMetres, twice.SquareMetres);
        Assert.Equal(Sample.Layers.Select(layer => 2 * layer.Reads), twice.Census.Layers.Select(layer => layer.Reads));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void TheOrderOfLayersChangesNothing(string name)
    {
        var (report, other) = (Of(name).Of(Sample), Of(name).Of(Sample with { Layers = [.. Sample.Layers.Reverse()] }));
        Close(report.JoulesPerInference, other.JoulesPerInference);
        Close(report.SecondsPerInference, other.SecondsPerInference);
        Close(report.PipelinedSeconds, other.PipelinedSeconds);
        Close(report.SquareMetres, other.SquareMetres);
        Assert.Equal(report.Devices, other.Devices);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void SaysWhereItsNumbersComeFrom(string name) => Assert.True(Of(name).Source.Length > 40);

    private static HardwareCost Of(string name) => (HardwareCost)Activator.CreateInstance(Catalog.Variants<HardwareCost>().Single(type => type.Name == name))!;

    private static void Close(double expected, double actual) => Assert.Equal(expected, actual, 1e-9 * Math.Abs(expected));

    private static Census Count(long samples)
    {
        using var scope = NewDisposeScope();
        using var model = Zoo.Create("resnet8_cifar");
        return model.TakeCensus(zeros(samples, 3, 32, 32));
    }
}
