using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Energy;

/// <summary>Cost follows what a layer's hardware is made of: devices, digits, converters, tiles. By hand, for a layer of 64 inputs and 32 outputs, read once.</summary>
public class CostOfHardwareTests
{
    private static readonly InferenceConfig Eight = PcmPresets.Inference with { Forward = Path(8, 8) };
    private static readonly Duration90nm Design = new() { Conductance = new TypicalConductance() };

    /// <summary>Devices a weight, and digits: areas and energies of cells and of what charges lines are d/4 of the constants', those of ramps and routing once a digit.</summary>
    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(16, 1)]
    [InlineData(6, 3)]
    [InlineData(16, 8)]
    public void DevicesAndDigitsArePaidFor(int devices, int slices)
    {
        var map = slices > 1 ? (WeightMap)new BitSlices { Slices = slices, Base = 2 } : new ParallelPairs { Pairs = devices / 2 };
        var report = Cost(Eight with { Map = map }, Design);
        var load = devices / 4.0;
        Assert.Equal((64 * 32 * devices, slices), (report.Devices, report.Census.Layers[0].Slices));
        Close(32 * 22e-12 * (0.5 * load + 0.5 * slices), report.Energy[CostComponent.Converters]);
        Close(64 * 1e-12 * (0.5 * load + 0.5), report.Energy[CostComponent.Drivers]);
        Close(32 * slices * 2.5e-12, report.Energy[CostComponent.Routing]);
        Close((32 + 32 * (slices - 1)) * 18e-12, report.Energy[CostComponent.Digital]); // the bias of each output is digital too
        Assert.Equal(32 * slices, report.Layers[0].Work.Conversions);
        Close(64 * 32 * load * Design.CellArea + 64 * Design.RowArea * (0.5 * load + 0.5) + 32 * Design.ColumnArea * (0.5 * load + 0.5 * slices), report.SquareMetres);
        Close(80e-9 + 40.96e-9 + (slices - 1) * 1e-9, report.SecondsPerInference);
    }

    /// <summary>Bits of a path's own converters: counters and ramps run through 2^bits steps, and a window has room for them.</summary>
    [Theory]
    [InlineData(4, 4)]
    [InlineData(8, 8)]
    [InlineData(8, 12)]
    [InlineData(10, 8)]
    [InlineData(6, 10)]
    public void BitsOfThePathArePaidFor(int input, int output)
    {
        var report = Cost(Eight with { Forward = Path(input, output), Map = new TwoPairs() }, Design);
        var (inSteps, outSteps) = (Math.Pow(2, input - 8), Math.Pow(2, output - 8));
        var window = Math.Max(80e-9, 40.96e-9 * inSteps);
        Assert.Equal((input, output), (report.Census.Layers[0].Forward.InputBits, report.Census.Layers[0].Forward.OutputBits));
        Close(32 * 22e-12 * (0.5 + 0.5 * outSteps), report.Energy[CostComponent.Converters]);
        Close(64 * 1e-12 * (0.5 + 0.5 * inSteps), report.Energy[CostComponent.Drivers]);
        Close(window + 40.96e-9 * outSteps, report.SecondsPerInference);
        Close(Math.Max(window, 40.96e-9 * outSteps), report.PipelinedSeconds);
        Close(64 * 32 * 0.04 * 40e-6 * window, report.Energy[CostComponent.Array]); // ones are on for the whole window
        Close(64 * 32 * Design.CellArea + 64 * Design.RowArea * (0.5 + 0.5 * input / 8) + 32 * Design.ColumnArea * (0.5 + 0.5 * output / 8), report.SquareMetres);
        Assert.Equal((long)Math.Ceiling(32 * output / 8.0), report.Layers[0].Work.Bytes);
    }

    /// <summary>A layer without converters of its own has those of the design.</summary>
    [Fact]
    public void ADesignHasBitsForLayersThatHaveNone()
    {
        using var layer = Linear(64, 32, hasBias: false);
        var (eight, ten) = (layer.EstimateCost(Design, [1, 64]), layer.EstimateCost(Design.WithBits(10), [1, 64]));
        Close(2.5 * eight.Energy[CostComponent.Converters], ten.Energy[CostComponent.Converters]);
        Assert.Equal(Cost(Eight, Design).JoulesPerInference, Cost(Eight, Design.WithBits(10)).JoulesPerInference); // which has its own
        Assert.Contains("OutputBits must be in [1, 24]", Assert.Throws<ArgumentOutOfRangeException>(() => Design.WithBits(0)).Message, StringComparison.Ordinal);
    }

    /// <summary>Smaller tiles are converted more often, and their results added one after the other; currents that meet on a line are converted once.</summary>
    [Theory]
    [InlineData(64, 1)]
    [InlineData(32, 2)]
    [InlineData(10, 7)]
    public void LatencyFollowsTheTiles(int side, int parts)
    {
        var size = new LimitedSize { Inputs = side, Outputs = side };
        var digital = Cost(Eight with { Size = size, Map = new TwoPairs() }, Design);
        Assert.Equal(32 * parts, digital.Layers[0].Work.Conversions);
        Assert.Equal(32 * (parts - 1), digital.Layers[0].Work.Sums);
        Close(80e-9 + 40.96e-9 + (parts - 1) * 1e-9, digital.SecondsPerInference);
        Close((32 + 32 * (parts - 1)) * 18e-12, digital.Energy[CostComponent.Digital]);
        var analog = Cost(Eight with { Size = size with { Sums = new AnalogSums() }, Map = new TwoPairs() }, Design);
        Assert.Equal((32, 0), (analog.Layers[0].Work.Conversions, analog.Layers[0].Work.Sums));
        Close(80e-9 + 40.96e-9, analog.SecondsPerInference);
        Close(digital.SquareMetres, analog.SquareMetres);
        Assert.Equal(digital.Tiles, digital.Census.Tiles);
    }

    /// <summary>The same of chips that were built: a weight takes as many unit cells as its devices or digits need, each with a converter.</summary>
    [Theory]
    [InlineData(2, 1, 1)]
    [InlineData(4, 1, 1)]
    [InlineData(16, 1, 4)]
    [InlineData(6, 3, 3)]
    public void BuiltChipsTakeWholeCells(int devices, int slices, int cells)
    {
        var map = slices > 1 ? (WeightMap)new BitSlices { Slices = slices } : new ParallelPairs { Pairs = devices / 2 };
        var core = new HermesCore { Inputs = 64, Outputs = 32 };
        var report = Cost(Eight with { Map = map }, core);
        Assert.Equal(cells, report.Tiles);
        Close(cells * 2.0 * 64 * 32 / 10.5e12, report.Energy[CostComponent.Whole]);
        Close(cells * core.TileArea, report.SquareMetres);
        Close((32 + 32 * (cells - 1)) * core.DigitalEnergy, report.Energy[CostComponent.Digital]);
        Close(2.0 * 64 * 32 / 1.008e12 + (cells - 1) * 1e-9, report.SecondsPerInference);
        if (cells > 1)
            Assert.Contains("Tiles are those of HermesCore, copies included; on the model's own hardware they are 1.", report.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, 8, 1)]
    [InlineData(8, 10, 2.5)]
    [InlineData(4, 4, 0.0625)]
    public void BuiltChipsArePricedByTheStepsOfAPath(int input, int output, double steps)
    {
        var core = new HermesCore();
        var report = Cost(Eight with { Forward = Path(input, output) }, core);
        Close((0.5 + 0.5 * steps) * 2.0 * 256 * 256 / 10.5e12, report.Energy[CostComponent.Whole]);
        Close(steps * 2.0 * 256 * 256 / 1.008e12, report.SecondsPerInference);
    }

    /// <summary>What is converted on its way back has the converters of the backward path.</summary>
    [Fact]
    public void BackwardReadsHaveConvertersOfTheirOwn()
    {
        using var scope = NewDisposeScope();
        var layer = new CensusLayer
        {
            Name = "fc",
            Kind = "Linear",
            IsArray = true,
            Inputs = 64,
            Outputs = 32,
            TransposedReads = 1,
            Devices = 4 * 64 * 32,
            Forward = new() { InputBits = 2, OutputBits = 2 },
            Backward = new() { InputBits = 9, OutputBits = 10, Activity = 0.5, DrivenShare = 0.25 },
        };
        var report = Design.Of(new Census([layer], 1));
        Close(64 * 22e-12 * 2.5, report.Energy[CostComponent.Converters]);
        Close(32 * 1e-12 * (0.5 * 0.25 + 1), report.Energy[CostComponent.Drivers]);
        Close(64 * 32 * 0.04 * 40e-6 * 0.5 * 81.92e-9, report.Energy[CostComponent.Array]);
        Close(81.92e-9 + 4 * 40.96e-9, report.SecondsPerInference);
    }

    private static AnalogPath Path(int input, int output) => PcmPresets.InferencePath with
    {
        Dac = new UniformConverter { Bits = input },
        Adc = new UniformConverter { Bits = output, Bound = 40 },
    };

    /// <summary>A layer of ones is driven fully, and holds no conductance that a design with an assumed one would look at.</summary>
    private static CostReport Cost(InferenceConfig hardware, HardwareCost design)
    {
        using var scope = NewDisposeScope();
        using var layer = Linear(64, 32);
        using var chip = layer.Program(hardware, seed: 1);
        return chip.Model.EstimateCost(design, ones(1, 64));
    }

    private static void Close(double expected, double actual) => Assert.InRange(actual, expected * (1 - 1e-6), expected * (1 + 1e-6));
}
