using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Energy;

/// <summary>Energy is that of the inputs that were driven, measured where they reach an array; of a shape alone it is that of the nominal activity.</summary>
public class ActivityTests
{
    private static readonly Duration90nm Design = new() { Conductance = new TypicalConductance() };

    /// <summary>By hand: [1, ½, 0, −¼] and a bias of 1 are on for 0.55 of the range on average, four of five lines at all.</summary>
    [Fact]
    public void TheArrayIsPaidForAsLongAsItsInputsAreOn()
    {
        using var scope = NewDisposeScope();
        using var layer = Linear(4, 3);
        var report = layer.EstimateCost(Design, tensor(new[] { 1f, 0.5f, 0f, -0.25f }).view(1, 4));
        var read = report.Census.Layers[0].Forward;
        Assert.Equal((0.55, 0.8), (Math.Round(read.Activity!.Value, 6), Math.Round(read.DrivenShare!.Value, 6)));
        Assert.Equal(5 * 3 * 0.2 * 0.2 * 40 * Units.uS * 0.55 * 80 * Units.ns, report.Energy[CostComponent.Array], 1e-20); // a full input is on for 80 ns
        Assert.Equal(5 * 1e-12 * (0.5 * 0.8 + 0.5), report.Energy[CostComponent.Drivers], 1e-20); // half of a driver charges its line
        Assert.Equal(report.Energy[CostComponent.Array] + report.Energy[CostComponent.Drivers], report.DataDependentJoules, 1e-20);
    }

    /// <summary>Data costs what it drives: nothing, half the range, all of it; in between lies the nominal activity.</summary>
    [Theory]
    [InlineData("digital")]
    [InlineData("chip")]
    [InlineData("hardware-aware")]
    [InlineData("in memory")]
    public void MoreInputCostsMore(string on)
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(20, 12)), ("act", ReLU()), ("fc2", Linear(12, 3)));
        using var chip = on == "chip" ? model.Program(PcmPresets.Inference, seed: 3) : null;
        if (on == "hardware-aware")
            model.ToAnalog(PcmPresets.HardwareAware, seed: 3);
        if (on == "in memory")
            model.ToAnalog(PcmPresets.MspLsp, seed: 3);
        var (none, sparse, full) = (zeros(1, 20), zeros(1, 20), ones(1, 20));
        sparse.narrow(1, 0, 5).fill_(1f);
        var joules = new[] { none, sparse, full }.Select(x => model.EstimateCost(Design, x).Layers[0].Joules).ToArray();
        Assert.True(joules[0] < joules[1] && joules[1] < joules[2], string.Join(", ", joules));
        var nominal = model.EstimateCost(Design, [1, 20]);
        Assert.InRange(nominal.Layers[0].Joules, joules[0], joules[2]);
        Assert.Null(nominal.Census.Layers[0].Forward.Activity);
        Assert.Equal(nominal.JoulesPerInference, Design.Of(model.TakeCensus(full).AtNominalActivity()).JoulesPerInference);
        Assert.Equal(nominal.SecondsPerInference, model.EstimateCost(Design, full).SecondsPerInference);
        Assert.All(model.AllTiles(), entry => Assert.Null(entry.Tile.Observers.Driven)); // nobody looks any more
    }

    [Fact]
    public void AReportNamesWhatDependsOnTheData()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc", Linear(6, 4)));
        var driven = model.EstimateCost(Design, ones(1, 6));
        Assert.Contains("Counted from what the sample drove", driven.ToString(), StringComparison.Ordinal);
        Assert.Contains("array, drivers; the rest does not depend on its values", driven.ToString(), StringComparison.Ordinal);
        Assert.Equal("measured", (string?)driven.ToJson()["activity"]);
        Assert.Equal(["array", "drivers", "update", "programming"], driven.ToJson()["data_dependent"]!.AsArray().Select(part => (string?)part));
        var nominal = model.EstimateCost(Design, [1, 6]);
        Assert.Contains("At nominal activity, since no sample was driven: array, drivers", nominal.ToString(), StringComparison.Ordinal);
        Assert.Equal("nominal", (string?)nominal.ToJson()["activity"]);
        var whole = model.EstimateCost(new HermesCore(), ones(1, 6));
        Assert.Contains("spends the same whatever the values", whole.ToString(), StringComparison.Ordinal);
        Assert.Equal(whole.JoulesPerInference, model.EstimateCost(new HermesCore(), zeros(1, 6)).JoulesPerInference);
    }

    /// <summary>At the edges of a padded map a kernel sees zeros: 10 of 12 places of four ones are driven. Groups have lines of biases each.</summary>
    [Fact]
    public void AConvolutionIsDrivenPlaceByPlace()
    {
        using var scope = NewDisposeScope();
        using var conv = Conv1d(1, 2, 3, padding: 1, bias: false);
        Assert.Equal(10 / 12.0, conv.TakeCensus(ones(1, 1, 4)).Layers[0].Forward.Activity!.Value, 1e-6);
        using var grouped = Conv1d(4, 2, 3, groups: 2);
        var x = ones(1, 4, 3);
        x.narrow(1, 2, 2).fill_(0.5f);
        Assert.Equal((6 + 3 + 2) / 14.0, grouped.TakeCensus(x).Layers[0].Forward.Activity!.Value, 1e-6);
        using var circular = Conv2d(1, 1, 3, padding: 1, padding_mode: PaddingModes.Circular, bias: false);
        Assert.Equal(1, circular.TakeCensus(ones(1, 1, 5, 5)).Layers[0].Forward.Activity!.Value, 1e-6); // no zeros at the border
    }

    /// <summary>Converters on a tile scale as the path says: each tile's block of inputs by its own maximum, or all by a constant, clipped at the end of the DAC.</summary>
    [Fact]
    public void TilesAreDrivenInTheRangeOfTheirConverters()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 0.5f, 0.1f, -0.05f }).view(1, 4);
        Assert.Equal((1 + 0.5 + 0.1 + 0.05) / 4, Activity(PcmPresets.Inference), 1e-6);
        Assert.Equal((1 + 0.5 + 1 + 0.5) / 4, Activity(PcmPresets.Inference with { Size = new LimitedSize { Inputs = 2, Outputs = 8 } }), 1e-6);
        Assert.Equal((1 + 0.5 + 0.1 + 0.05) / 4, Activity(PcmPresets.Inference with { Size = new LimitedSize { Inputs = 2, Outputs = 8, Sums = new AnalogSums() } }), 1e-6);
        var constant = PcmPresets.InferencePath with { Scaling = new ConstantScaling { Scale = 0.4 }, Dac = new UniformConverter { Bits = 8, Bound = 2 } };
        Assert.Equal((1 + 0.625 + 0.125 + 0.0625) / 4, Activity(PcmPresets.Inference with { Forward = constant }), 1e-6);
        Assert.Equal((1 + 1 + 0.5 + 0.1 + 0.05) / 5, Activity(PcmPresets.Inference with { Bias = new AnalogBias() }), 1e-6);
        // A converter of 3 bits has steps of a third: 0.1 and 0.05 are converted to 0, and drive no line.
        Assert.Equal(0.5, Read(PcmPresets.Inference with { Forward = PcmPresets.InferencePath with { Dac = new UniformConverter { Bits = 3 } } }).DrivenShare!.Value);

        double Activity(InferenceConfig hardware) => Read(hardware).Activity!.Value;

        ArrayRead Read(InferenceConfig hardware)
        {
            using var layer = Linear(4, 3);
            using var chip = layer.Program(hardware, seed: 1);
            return chip.Model.TakeCensus(x).Layers[0].Forward;
        }
    }

    /// <summary>What the units of a sequence say to each other drives its lines too, on tiles and before.</summary>
    [Fact]
    public void ASequenceIsDrivenByItsStates()
    {
        using var scope = NewDisposeScope();
        using var lstm = LSTM(5, 4);
        var x = rand([6, 1, 5], generator: new Generator(2));
        var (y, _, _) = lstm.call(x);
        var shares = 0.0;
        for (var step = 0; step < 6; step++)
        {
            shares += Share(x[step].flatten(), least: 1); // beside the bias, which is a whole 1
            shares += 1;
            if (step > 0)
                shares += Share(y[step - 1].flatten(), least: 0);
        }
        var digital = lstm.TakeCensus(1, () => lstm.call(x)).Layers.Single();
        Assert.Equal(shares / (6 * (5 + 4 + 1)), digital.Forward.Activity!.Value, 1e-6);
        using var before = lstm.call(x).Item1;
        Assert.True(before.Equals(y)); // looking on changes nothing
        lstm.ToAnalog(PcmPresets.HardwareAware with { WeightNoise = new NoWeightNoise() }, seed: 1);
        lstm.eval();
        var tiled = lstm.TakeCensus(1, () => lstm.call(x)).Layers;
        Assert.Equal(["LSTM.ih_l0", "LSTM.hh_l0"], tiled.Select(layer => layer.Name));
        Assert.Equal((Enumerable.Range(0, 6).Sum(step => Share(x[step].flatten(), least: 1)) + 6) / 36, tiled[0].Forward.Activity!.Value, 1e-6);
        Assert.InRange(tiled[1].Forward.Activity!.Value, 0.1, 0.9);

        static double Share(Tensor values, float least) => values.abs().sum().item<float>() / Math.Max(values.abs().max().item<float>(), least);
    }

    /// <summary>Recurrent layers of every kind, in several layers and directions, digital and on exact tiles, are driven alike.</summary>
    [Theory]
    [InlineData("gru")]
    [InlineData("rnn")]
    [InlineData("lstmcell")]
    [InlineData("grucell")]
    public void RecurrentLayersAreDriven(string kind)
    {
        using var scope = NewDisposeScope();
        using Module model = kind switch
        {
            "gru" => GRU(5, 4, numLayers: 2, bidirectional: true, batchFirst: true),
            "rnn" => RNN(5, 4, numLayers: 2),
            "lstmcell" => LSTMCell(5, 4),
            _ => GRUCell(5, 4),
        };
        Action run = model switch
        {
            TorchSharp.Modules.GRU gru => () => gru.call(rand(3, 6, 5)),
            TorchSharp.Modules.RNN rnn => () => rnn.call(rand(6, 3, 5)),
            TorchSharp.Modules.LSTMCell cell => () => cell.call(rand(3, 5), (zeros(3, 4), zeros(3, 4))),
            _ => () => ((TorchSharp.Modules.GRUCell)model).call(rand(3, 5), zeros(3, 4)),
        };
        Assert.All(model.TakeCensus(3, run).Layers, layer => Assert.InRange(layer.Forward.Activity!.Value, layer.Name.EndsWith("hh", StringComparison.Ordinal) ? 0 : 0.05, 0.95));
        model.ToAnalog(PcmPresets.HardwareAware, seed: 1);
        Assert.All(model.TakeCensus(3, run).Layers, layer => Assert.NotNull(layer.Forward.Activity));
    }

    /// <summary>Errors drive an array from the other side: [1, −½, ¼] are on for 7/12 of the range.</summary>
    [Fact]
    public void ErrorsDriveTheBackwardReads()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(4, 3)), ("fc2", Linear(3, 3)));
        model.ToAnalog(PcmPresets.MspLsp, seed: 2);
        using var optimizer = new AnalogSGD(model.parameters(), 0.01);
        var errors = tensor(new[] { 1f, -0.5f, 0.25f }).view(1, 3);
        var census = model.TakeCensus(1, () =>
        {
            model.call(rand(1, 4)).mul(errors).sum().backward();
            optimizer.step();
        });
        Assert.Equal(1.75 / 3, census.Layers[1].Backward.Activity!.Value, 1e-5);
        Assert.Null(census.Layers[0].Backward.Activity); // nobody wants the gradient of the input
        var nominal = census.AtNominalActivity();
        Assert.True(new Duration90nm().Of(census).JoulesPerInference != new Duration90nm().Of(nominal).JoulesPerInference);
        Assert.DoesNotContain("not seen", new Duration90nm().Of(census).ToString(), StringComparison.Ordinal);
    }

    /// <summary>Reads of a convolution that scale by sample and by place give the same where every place has the same maximum.</summary>
    [Fact]
    public void ConvolutionsOnTilesAreDriven()
    {
        using var scope = NewDisposeScope();
        foreach (var size in new TileSize[] { new UnlimitedSize(), new LimitedSize { Inputs = 64, Outputs = 8 }, new LimitedSize { Inputs = 10, Outputs = 2 } })
        {
            using var conv = Conv2d(2, 4, 3);
            using var chip = conv.Program(PcmPresets.Inference with { Size = size }, seed: 1);
            Assert.Equal(1, chip.Model.TakeCensus(ones(2, 2, 5, 5)).Layers[0].Forward.Activity!.Value, 1e-6);
            Assert.Equal(0, chip.Model.TakeCensus(zeros(2, 2, 5, 5)).Layers[0].Forward.Activity!.Value, 1e-6);
        }
    }

    [Fact]
    public void WhatIsNotFiniteIsRefused()
    {
        using var scope = NewDisposeScope();
        using var model = Mlp.Create([4, 3, 2], seed: 1);
        Assert.Contains("must be finite", Assert.Throws<ArgumentException>(() => model.TakeCensus(full([1, 4], float.NaN))).Message, StringComparison.Ordinal);
    }
}
