using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Networks;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Energy;

/// <summary>Plan, chip report, census and cost count the same layers, arrays, weights, devices and tiles.</summary>
public class CountTests
{
    private static readonly string[] Networks = ["resnet8_cifar", "mobilenet_v2", "char_lstm", "word_lstm_tied", "lstm_tagger", "seq2seq", "transformer_block"];

    public static TheoryData<string, string> Chips
    {
        get
        {
            var chips = new TheoryData<string, string>();
            foreach (var network in Networks.Except(["mobilenet_v2"]))
                foreach (var hardware in new[] { "pairs", "pairs on small tiles, biases in the array", "a column that all outputs share" })
                    chips.Add(network, hardware);
            chips.Add("mobilenet_v2", "pairs on small tiles, biases in the array"); // whose groups share tiles
            return chips;
        }
    }

    public static TheoryData<string> Converted => new(Networks.Except(["mobilenet_v2"]));

    [Theory]
    [MemberData(nameof(Chips))]
    public void OfAChip(string name, string hardware)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var config = hardware switch
        {
            "pairs" => PcmPresets.Inference,
            "a column that all outputs share" => PcmPresets.Inference with { Map = new OffsetColumn() },
            _ => PcmPresets.Inference with { Bias = new AnalogBias(), Size = new LimitedSize { Inputs = 100, Outputs = 64 } },
        };
        var (_, network, inputs) = ZooLaws.Small(name);
        using var model = network;
        model.eval();
        var rules = Rules(name);
        var plan = model.PlanAnalog(config, rules);
        Same(plan, model.TakeCensus(4, () => ZooLaws.Scores(model, inputs), config, rules)); // before it is programmed
        using var chip = model.Program(config, seed: 3, rules);
        Assert.Equal(plan.Rows, chip.Layers.Rows.Select(row => row with { Written = null })); // which only comes about by writing
        Assert.Equal((plan.Arrays, plan.Weights, plan.Devices, plan.Tiles), (chip.Report.Arrays, chip.Report.Weights, chip.Report.Devices, chip.Report.Tiles));
        Same(plan, model.TakeCensus(4, () => ZooLaws.Scores(model, inputs)));
    }

    [Theory]
    [MemberData(nameof(Converted))]
    public void OfAModelThatIsTrainedOnTiles(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var hardware in new LayerHardware[] { PcmPresets.Pair with { Size = new LimitedSize { Inputs = 100, Outputs = 64 } }, PcmPresets.HardwareAwareForInference, PcmPresets.HardwareAware })
        {
            var (_, model, inputs) = ZooLaws.Small(name);
            using (model)
            {
                model.eval();
                var plan = model.PlanAnalog(hardware, Rules(name));
                Assert.Equal(plan.Rows, model.ToAnalog(hardware, 1, Rules(name)).Rows.Select(row => row with { Written = null }));
                Same(plan, model.TakeCensus(4, () => ZooLaws.Scores(model, inputs)));
            }
        }
    }

    /// <summary>A layer that is in no array yet is laid out as a design would, which need not be a config's plan: it has a name of its own, and a sentence.</summary>
    [Fact]
    public void ADigitalModelIsOfDesignAsADesignWould()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(4, 6)), ("fc2", Linear(6, 2)));
        var plan = model.PlanAnalog(PcmPresets.Inference); // biases beside the converters
        var report = model.EstimateCost(new Duration14nm(), [1, 4]);
        Assert.Equal((2, 2, 36, 2), (plan.LayersInArrays, plan.Arrays, plan.Weights, plan.Tiles));
        Assert.Equal((2, 2, 44, 2), (report.Census.LayersInArrays, report.Census.Arrays, report.Census.Weights, report.Tiles));
        Assert.True(report.Census.IsOfDesign && (bool)report.ToJson()["of_design"]!);
        Assert.Contains("laid out as the design would", report.ToString(), StringComparison.Ordinal);
        Assert.Contains("laid out as the design would", report.Census.ToString(), StringComparison.Ordinal);
        Assert.Contains("weights in the design", report.ToString(), StringComparison.Ordinal);
        var planned = model.EstimateCost(new Duration14nm(), ones(1, 4), PcmPresets.Inference);
        Assert.Equal((36, 2, 72), (planned.Census.Weights, planned.Tiles, planned.Devices));
        using var chip = model.Program(PcmPresets.Inference, seed: 1);
        var programmed = chip.Model.EstimateCost(new Duration14nm(), ones(1, 4));
        Assert.Equal((2, 2, 36, 2, 72), (programmed.Census.LayersInArrays, programmed.Census.Arrays, programmed.Census.Weights, programmed.Tiles, programmed.Devices));
        Assert.False(programmed.Census.IsOfDesign);
        Assert.DoesNotContain("laid out as the design would", programmed.ToString(), StringComparison.Ordinal);
        Assert.Contains("2 layers in 2 arrays", programmed.ToString(), StringComparison.Ordinal);
        Assert.Contains("2 layers in 2 arrays", plan.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Biases beside the converters, and the two products of a recurrent layer on two arrays, are added by digital circuits.</summary>
    [Fact]
    public void WhatTilesLeaveToDigitalCircuitsIsCounted()
    {
        using var scope = NewDisposeScope();
        using var linear = Linear(4, 6);
        using var chip = linear.Program(PcmPresets.Inference, seed: 1);
        Assert.Equal(3 * 6, chip.Model.TakeCensus(ones(3, 4)).Layers[0].DigitalElements);
        using var lstm = LSTM(5, 4);
        using var memory = lstm.Program(PcmPresets.Inference with { Bias = new AnalogBias() }, seed: 1);
        lstm.eval();
        var layers = lstm.TakeCensus(1, () => lstm.call(ones(7, 1, 5))).Layers;
        Assert.Equal([0L, 7 * (16 + 4)], layers.Select(layer => layer.DigitalElements)); // sums of the gates, and cells
        Assert.Equal((1, 2), (memory.Layers.LayersInArrays, memory.Layers.Arrays));
    }

    /// <summary>What is planned costs what it costs once it is programmed, at the same conductances; a model on tiles has no other plan.</summary>
    [Fact]
    public void APlanCostsWhatTheChipDoes()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("conv", Conv2d(4, 6, 3, groups: 2)), ("act", ReLU()), ("flat", Flatten()), ("fc", Linear(96, 5)));
        var x = rand([2, 4, 6, 6], generator: new Generator(3));
        var design = new Duration14nm { Conductance = new TypicalConductance() };
        var hardware = PcmPresets.Inference with { Size = new LimitedSize { Inputs = 40, Outputs = 8 }, Map = new BitSlices() };
        var planned = model.EstimateCost(design, x, hardware, LayerRule.Named("fc", PcmPresets.FourPhaseInference));
        using var chip = model.Program(hardware, 1, LayerRule.Named("fc", PcmPresets.FourPhaseInference));
        var programmed = chip.Model.EstimateCost(design, x);
        Assert.InRange(planned.JoulesPerInference / programmed.JoulesPerInference, 0.97, 1.03); // activations of the second layer differ
        Assert.Equal(planned.Layers[0].Joules, programmed.Layers[0].Joules, 1e-18);
        Assert.Equal((planned.SecondsPerInference, planned.SquareMetres), (programmed.SecondsPerInference, programmed.SquareMetres));
        Assert.Contains("already programmed", Assert.Throws<InvalidOperationException>(() => model.EstimateCost(design, x, hardware)).Message, StringComparison.Ordinal);
    }

    private static LayerRule[] Rules(string name) => name == "word_lstm_tied" ? [LayerRule.Digital("decoder")] : [];

    private static void Same(ConversionReport plan, Census census)
    {
        var rows = plan.Rows.Where(row => row.IsAnalog).Select(row => (row.Name, row.Layer, row.Kind, row.Weights, row.Devices, row.Tiles)).ToArray();
        Assert.Equal(rows, census.Layers.Where(layer => layer.IsArray).Select(layer => (layer.Name, layer.Layer, layer.Kind, layer.Weights, layer.Devices, layer.Tiles)));
        Assert.Equal(
            (plan.LayersInArrays, plan.Arrays, plan.Weights, plan.Devices, plan.Tiles),
            (census.LayersInArrays, census.Arrays, census.Weights, census.Devices, census.Tiles));
        Assert.False(census.IsOfDesign);
        var cost = new Duration14nm().Of(census);
        Assert.Equal(plan.Tiles, cost.Tiles);
        Assert.True(plan.Devices == 0 || plan.Devices == cost.Devices);
        var json = cost.ToJson();
        Assert.Equal(
            (plan.LayersInArrays, plan.Arrays, plan.Weights, plan.Tiles, plan.Tiles),
            ((int)json["layers_in_arrays"]!, (int)json["arrays"]!, (long)json["weights"]!, (long)json["tiles"]!, (long)json["own_tiles"]!));
    }
}
