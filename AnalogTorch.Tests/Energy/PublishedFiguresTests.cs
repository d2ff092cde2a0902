using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Models.Networks;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Energy;

/// <summary>The figures that the 90 nm design was published with, and those that its model gives elsewhere; all at nominal activity.</summary>
public class PublishedFiguresTests
{
    private static readonly TypicalConductance Base = new();

    /// <summary>TOP/s/W of both networks: conductances, node, time.</summary>
    public static TheoryData<string, double, double, double, double> Cases => new()
    {
        { "base", 15.2, 14.05, 0.01, 0 },
        { "conductance × 0.2", 26, 23, 0.02, 1 },
        { "14 nm", 27, 27, 0.02, 2 },
        { "14 nm, conductance × 0.2", 111, 106, 0.02, 3 },
        { "14 nm, conductance × 0.1", 178, 167, 0.02, 4 },
        { "14 nm, conductance × 0.1, half the time", 258, 235, 0.02, 5 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void EfficienciesAreThose(string name, double mnist, double lstm, double tolerance, double row)
    {
        DurationHardware hardware = row switch
        {
            0 => new Duration90nm(),
            1 => new Duration90nm { Conductance = Base.Times(0.2) },
            2 => new Duration14nm(),
            3 => new Duration14nm { Conductance = Base.Times(0.2) },
            4 => new Duration14nm { Conductance = Base.Times(0.1) },
            _ => new Duration14nm { Conductance = Base.Times(0.1), OnTime = 21.5 * Units.ns },
        };
        Assert.True(name.Length > 0);
        Assert.InRange(Mnist(hardware).TopsPerWatt / mnist, 1 - tolerance, 1 + tolerance);
        Assert.InRange(Lstm(hardware).TopsPerWatt / lstm, 1 - tolerance, 1 + tolerance);
    }

    /// <summary>Where the energy goes at the base: array 52 %, lines in 4 %, lines out 39 %, routing 4 %; 8 % digital in the LSTM.</summary>
    [Fact]
    public void PartsAreThose()
    {
        var report = Mnist(new Duration90nm());
        double Part(CostComponent component) => report.Energy[component] / report.JoulesPerInference;
        Assert.Equal([52, 4, 39, 4], new[] { CostComponent.Array, CostComponent.Drivers, CostComponent.Converters, CostComponent.Routing }.Select(part => Math.Round(100 * Part(part))));
        var lstm = Lstm(new Duration90nm());
        Assert.Equal(8, Math.Round(100 * lstm.Energy[CostComponent.Digital] / lstm.JoulesPerInference));
    }

    [Theory]
    [InlineData(45, 75)]
    [InlineData(80, 42)]
    [InlineData(160, 21)]
    [InlineData(256, 13)]
    [InlineData(320, 10.5)]
    public void DensityOfATileFollowsItsTime(double nanoseconds, double expected)
    {
        using var layer = Linear(511, 512); // and the bias
        using var x = zeros(1, 511);
        var report = layer.EstimateCost(new Duration14nm { IntegrationTime = nanoseconds * Units.ns, Size = new LimitedSize() }, x);
        Assert.Equal(0.156e-6, report.SquareMetres, 1e-9);
        Assert.InRange(report.TopsPerSquareMillimetre / expected, 0.98, 1.02);
    }

    [Fact]
    public void TheLstmHasItsDevices()
    {
        Assert.Equal(2_566_400, Lstm(new Duration90nm()).Devices);
        Assert.Equal(2 * 401 * 800, Lstm(new Duration90nm()).Census.Weights);
    }

    /// <summary>A core that is full and busy gives what was measured.</summary>
    [Fact]
    public void FullTilesOfBuiltChipsGiveTheirFigures()
    {
        using var layer = Linear(256, 256, hasBias: false);
        using var x = zeros(1, 256);
        var core = layer.EstimateCost(new HermesCore(), x);
        Assert.Equal((10.5, 1.59), (Math.Round(core.TopsPerWatt, 6), Math.Round(core.TopsPerSquareMillimetre, 6)));
        var chip = layer.EstimateCost(new HermesChip(), x);
        Assert.Equal(2.48, chip.TopsPerWatt, 1e-6);
        using var large = Linear(512, 512, hasBias: false);
        using var y = zeros(1, 512);
        Assert.Equal(12.4, large.EstimateCost(new SpeechChip(), y).TopsPerWatt, 1e-6);
        Assert.Equal(2.3, layer.EstimateCost(new Tpu(), x).TopsPerWatt, 1e-6);
        Assert.Equal(0.105, layer.EstimateCost(new Gpu(), x).TopsPerWatt, 0.001);
        Assert.Equal(0.28, new Tpu().OperationsPerSecond / new Tpu().ChipArea / 1e18, 0.005);
    }

    internal static CostReport Mnist(HardwareCost hardware)
    {
        using var scope = NewDisposeScope();
        using var model = Mlp.Create([528, 250, 125, 10], seed: 1);
        return model.EstimateCost(hardware, [1, 528]);
    }

    internal static CostReport Lstm(HardwareCost hardware)
    {
        using var scope = NewDisposeScope();
        using var model = LSTM(200, 200, numLayers: 2);
        return hardware.Of(model.TakeCensus(1, () => model.call(zeros(1, 1, 200))).AtNominalActivity());
    }
}
