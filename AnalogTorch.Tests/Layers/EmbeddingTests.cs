using AnalogTorch.Conductance;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Habits;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>Embeddings on arrays that are read by address, where a rule asks for it.</summary>
public class EmbeddingTests
{
    private const int Rows = 11, Outputs = 4;

    [Theory]
    [InlineData("in memory", false, false)]
    [InlineData("in memory", true, false)]
    [InlineData("in memory", true, true)]
    [InlineData("hardware-aware", false, false)]
    [InlineData("hardware-aware", true, false)]
    [InlineData("hardware-aware", true, true)]
    public void LearnsAsTorchOnIdealHardware(string wayName, bool padded, bool divides)
    {
        using var scope = NewDisposeScope();
        var way = HabitWay.All.Single(way => way.Name == wayName);
        LayerHardware hardware = wayName == "in memory" ? HabitWay.Ideal : new HardwareAwareConfig();
        var (digital, analog) = (Create(), Create());
        analog.ToAnalog(hardware, 1, LayerRule.Of<Embedding>(hardware));
        using var digitalStep = HabitWay.Digital.Optimizer(digital.parameters());
        using var analogStep = way.Optimizer(analog.parameters());
        var rows = tensor(new long[,] { { 1, 3, 3 }, { 10, 2, 3 } });
        for (var step = 0; step < 3; step++)
        {
            foreach (var (model, optimizer) in new[] { (digital, digitalStep), (analog, analogStep) })
            {
                optimizer.zero_grad();
                model.call(rows).pow(2).sum().backward();
                optimizer.step();
            }
            Assert.True((digital.call(rows) - analog.call(rows)).abs().max().item<float>() < 1e-5, $"step {step}");
        }
        Assert.True((digital.get_parameter("0.weight")! - analog.get_parameter("0.weight")!).abs().max().item<float>() < 1e-5);

        Sequential Create()
        {
            random.manual_seed(1);
            return Sequential(Embedding(Rows, Outputs, padding_idx: padded ? 2 : null, scale_grad_by_freq: divides), Linear(Outputs, 3));
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(int.MaxValue)]
    public void AChipGivesItsRowsWhateverItsTiles(int lines)
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(Embedding(Rows, Outputs), Linear(Outputs, 3));
        model.eval();
        var rows = randint(0, Rows, [6, 200]);
        using var expected = model.call(rows);
        using var chip = model.Program(
            new InferenceConfig { Memory = new IdealMemory(), Size = new LimitedSize { Inputs = lines, Outputs = 16 } }, 1,
            LayerRule.Named("0", new InferenceConfig { Memory = new IdealMemory(), Size = new LimitedSize { Inputs = lines, Outputs = 16 } }));
        Assert.True((model.call(rows) - expected).abs().max().item<float>() < 1e-5);
    }

    /// <summary>Of a grid of tiles only the one that holds the line is read, so its converter alone makes noise.</summary>
    [Fact]
    public void OneTileIsRead()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(Embedding(512, 64));
        using (no_grad())
            model.get_parameter("0.weight")!.zero_();
        var hardware = new HardwareAwareConfig
        {
            Forward = new AnalogPath { OutputNoise = 0.1, Scaling = new AbsMaxScaling() },
            Size = new LimitedSize { Inputs = 64, Outputs = 64 },
        };
        model.ToAnalog(hardware, 1, LayerRule.Of<Embedding>(hardware));
        model.eval();
        Assert.Equal(0.1, model.call(randint(0, 512, [500])).std().item<float>(), 0.002); // 32,000 values
    }

    [Fact]
    public void StaysDigitalUnlessItIsNamed()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(Embedding(Rows, Outputs), Linear(Outputs, 3));
        Assert.False(model.PlanAnalog(PcmPresets.HardwareAware).Rows[0].IsAnalog);
        Assert.False(model.PlanAnalog(PcmPresets.HardwareAware, LayerRule.Named("*", PcmPresets.HardwareAware)).Rows[0].IsAnalog);
        var row = model.PlanAnalog(PcmPresets.HardwareAware, LayerRule.Named("0", PcmPresets.HardwareAware)).Rows[0];
        Assert.True(row.IsAnalog);
        Assert.Equal(Outputs * Rows, row.Weights);
        Assert.Contains("read by address", row.Note, StringComparison.Ordinal);
        var rule = LayerRule.Of<Embedding>(PcmPresets.HardwareAware);
        var x = tensor(new long[,] { { 1, 2, 3 }, { 4, 5, 5 } });
        var planned = model.TakeCensus(x, PcmPresets.HardwareAware, rule);
        model.ToAnalog(PcmPresets.HardwareAware, 1, rule);
        var census = model.TakeCensus(x);
        Assert.Equal(6, census.Layers[0].Reads);
        Assert.Equal(1.0 / Rows, census.Layers[0].Forward.Activity!.Value, 1e-6);
        Assert.Equal(planned.Layers[0], census.Layers[0]);
    }

    [Fact]
    public void WhatCannotBeHonouredIsRefused()
    {
        using var scope = NewDisposeScope();
        using var clipped = Sequential(Embedding(Rows, Outputs, max_norm: 1));
        var before = clipped.get_parameter("0.weight")!.clone();
        Assert.Contains("max_norm", Assert.Throws<ArgumentException>(
            () => clipped.ToAnalog(PcmPresets.HardwareAware, 1, LayerRule.Of<Embedding>(PcmPresets.HardwareAware))).Message, StringComparison.Ordinal);
        Assert.True(before.equal(clipped.get_parameter("0.weight")!).all().item<bool>());
        using var model = Sequential(Embedding(Rows, Outputs));
        model.ToAnalog(PcmPresets.HardwareAware, 1, LayerRule.Of<Embedding>(PcmPresets.HardwareAware));
        Assert.Contains("rows must lie from 0 to 10", Assert.Throws<ArgumentException>(() => model.call(tensor(new long[] { 11 }))).Message, StringComparison.Ordinal);
        Assert.Contains("Int64 or Int32", Assert.Throws<ArgumentException>(() => model.call(zeros(2))).Message, StringComparison.Ordinal);
        Assert.Equal([0, Outputs], model.call(zeros(0, ScalarType.Int64)).shape);
    }
}
