using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

public class AnalogLayerTests
{
    /// <summary>Devices without variation, noise or reachable bounds; steps that are a power of two, so that sums of them are exact.</summary>
    private static readonly ConstantStep IdealDevice = new()
    {
        DwMin = 1 / 4096.0,
        Max = 64,
        Min = -64,
        CycleNoise = 0,
        DwMinVariation = 0,
        UpDownVariation = 0,
        MaxVariation = 0,
        MinVariation = 0,
    };

    private static readonly TileConfig Ideal = new() { Cell = new SingleDevice { Device = IdealDevice }, Update = new SlottedTrains() };

    /// <summary>An analog layer keeps its dtype: devices are simulated in single precision.</summary>
    [Fact]
    public void AnotherDtypeIsRefused()
    {
        using var model = Sequential(("fc", Linear(4, 3)));
        model.ToAnalog(Ideal, 1);
        model.to(ScalarType.Float64);
        var message = Assert.ThrowsAny<Exception>(() => model.call(ones(2, 4))).Message;
        Assert.Contains("fc: the weights of an analog tile must stay float32", message, StringComparison.Ordinal);
    }

    /// <summary>A frozen layer is read and passes gradients on, but takes no pulses.</summary>
    [Fact]
    public void FrozenLayerTakesNoPulses()
    {
        using var model = Sequential(("fc1", Linear(4, 3)), ("fc2", Linear(3, 2)));
        model.ToAnalog(Ideal, 1);
        var (frozen, trained) = ((Linear)model[0], (Linear)model[1]);
        frozen.weight!.requires_grad = false;
        frozen.bias!.requires_grad = false;
        using var optimizer = new AnalogSGD(trained.parameters(), lr: 0.5);
        var before = (frozen.weight.clone(), trained.weight!.clone());
        for (var step = 0; step < 3; step++)
        {
            model.call(ones(1, 4)).sum().backward();
            optimizer.step();
        }
        Assert.True(before.Item1.bytes.SequenceEqual(frozen.weight.bytes));
        Assert.False(before.Item2.bytes.SequenceEqual(trained.weight!.bytes));
    }

    [Fact]
    public void TiedWeightsAreRefused()
    {
        using var model = Sequential(("fc1", Linear(3, 3)), ("fc2", Linear(3, 3)));
        ((Linear)model[1]).weight = ((Linear)model[0]).weight;
        var message = Assert.Throws<ArgumentException>(() => model.ToAnalog(Ideal, 1)).Message;
        Assert.Contains("fc1 and fc2 share one weight", message, StringComparison.Ordinal);
    }

    [Fact]
    public void IdealHardwareIsDigitalSgdWhereItsPulsesCanSayIt()
    {
        // Inputs in quarters and gradients that make 0 to 4 pulses at this rate: n = rate·|δ|·0.25/Δw, so δ is a multiple of 1/16.
        using var scope = NewDisposeScope();
        const double rate = 1 / 64.0;
        var (analog, digital) = Twins(Ideal, 9, 5);
        var pulses = new AnalogSGD(analog.parameters(), rate);
        var sgd = optim.SGD(digital.parameters(), rate);
        for (var step = 0; step < 50; step++)
        {
            var x = (Noise.Normal(new Rng((ulong)step), [4, 9]) * 4f).round().clamp(-4, 4) / 4f;
            var delta = (Noise.Normal(new Rng((ulong)step).Split("delta"), [4, 5]) * 2f).round().clamp(-4, 4) / 16f;
            foreach (var (model, optimizer) in new (Module<Tensor, Tensor>, optim.Optimizer)[] { (analog, pulses), (digital, sgd) })
            {
                optimizer.zero_grad();
                (model.call(x) * delta).sum().backward();
                optimizer.step();
            }
        }
        // Analog weights move by whole powers of two; the digital ones are rounded once an update.
        foreach (var (a, d) in analog.parameters().Zip(digital.parameters()))
            Bench.AssertClose(d, a, 50, "parameter");
    }

    [Fact]
    public void ForwardAndBackwardOfIdealHardwareAreThoseOfTorch()
    {
        using var scope = NewDisposeScope();
        var (analog, digital) = Twins(Ideal, 9, 5);
        foreach (var shape in new long[][] { [9], [1, 9], [4, 9], [2, 3, 9], [2, 1, 3, 9], [0, 9] })
        {
            var x = Noise.Normal(new Rng(1), shape);
            var (xa, xd) = (x.clone().requires_grad_(true), x.clone().requires_grad_(true));
            var (ya, yd) = (analog.call(xa), digital.call(xd));
            Assert.Equal(yd.shape, ya.shape);
            var g = Noise.Normal(new Rng(2), yd.shape);
            (ya * g).sum().backward();
            (yd * g).sum().backward();
            AnalogTile(analog).DropPending();
            if (x.NumberOfElements == 0)
                continue;
            // A product of nine terms below 10, summed in any order.
            Bench.AssertClose(yd, ya, 16, "output");
            Bench.AssertClose(xd.grad!, xa.grad!, 16, "gradient");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TrainingIsAScalarCrossbar(bool hasBias)
    {
        // The naive model: loops over samples, lines, slots and nothing else. Devices vary and have bounds; pulses are noise-free.
        using var scope = NewDisposeScope();
        const int inputs = 7, outputs = 3, samples = 2;
        const double rate = 0.05;
        var device = new ConstantStep { CycleNoise = 0, DwMin = 0.01 };
        var config = new TileConfig { Cell = new SingleDevice { Device = device }, Update = new StochasticTrains() };
        using var layer = new AnalogLinear(inputs, outputs, config, hasBias, seed: 5);
        using var optimizer = new AnalogSGD(layer.parameters(), rate);
        var rng = Rng.FromSeed(5);
        var planes = device.Manufacture(rng.Split("weights").Split("device"), [outputs, inputs]);
        var (up, down, min, max) = (Packed(planes.Up), Packed(planes.Down), Packed(planes.Min), Packed(planes.Max));
        var w = Bench.Floats(layer.weight);
        for (var step = 0; step < 20; step++)
        {
            var x = Noise.Normal(new Rng((ulong)step), [samples, inputs]);
            var delta = Noise.Normal(new Rng((ulong)step).Split("delta"), [samples, outputs]);
            optimizer.zero_grad();
            (layer.call(x) * delta).sum().backward();
            optimizer.step();

            using var trains = new PulseTrains(inputs, outputs) { HasBias = hasBias };
            ((PulseScheme)config.Update).Draw(x, delta, rate, device.DwMin, rng.Split("trains").Split(step + 1), trains);
            var (inputWords, outputWords) = (trains.Inputs.data<int>().ToArray(), trains.Outputs.data<int>().ToArray());
            for (var sample = 0; sample < samples; sample++)
                for (var output = 0; output < outputs; output++)
                    for (var input = 0; input < inputs; input++)
                        for (var slot = 0; slot < 31; slot++)
                        {
                            var (a, b) = (inputWords[sample * 16 + input], outputWords[sample * 16 + output]);
                            if ((a & b & (1 << slot)) == 0)
                                continue;
                            var cell = output * inputs + input;
                            w[cell] += a < 0 == b < 0 ? up[cell] : -down[cell];
                            w[cell] = Math.Min(Math.Max(w[cell], min[cell]), max[cell]);
                        }
            Assert.Equal(w, Bench.Floats(layer.weight));
            for (var output = 0; output < outputs; output++)
                for (var sample = 0; sample < samples; sample++)
                {
                    var y = hasBias ? (double)Bench.Floats(layer.bias!)[output] : 0;
                    for (var input = 0; input < inputs; input++)
                        y += w[output * inputs + input] * Bench.Floats(x)[sample * inputs + input];
                    // Eight products of numbers below 4, summed in float.
                    Assert.Equal(y, Bench.Floats(layer.call(x))[sample * outputs + output], 8 * Math.Pow(2, -24) * 8 * 4);
                }
            AnalogTile(layer).DropPending();
        }
        Assert.True(((AnalogTile)layer.Tile!).Cells.Pulses > 100);

        static float[] Packed(ParameterPlane plane) => Bench.Floats(ParameterPlane.Pack(plane));
    }

    [Fact]
    public void DigitalBiasIsTrainedLikeAnyDigitalParameter()
    {
        using var scope = NewDisposeScope();
        var (analog, digital) = Twins(Ideal with { Bias = new DigitalBias() }, 9, 5);
        using var optimizer = new AnalogSGD(analog.parameters(), 0.1, momentum: 0);
        var x = Noise.Normal(new Rng(1), [4, 9]);
        analog.call(x).square().sum().backward();
        digital.call(x).square().sum().backward();
        var before = digital.bias!.detach().clone();
        optimizer.step();
        Bench.AssertClose(before - digital.bias.grad! * 0.1f, analog.bias!, 16, "bias");
        Assert.Null(AnalogTile(analog).BiasCells);
        Assert.Equal(45, AnalogTile(analog).WeightCount);
    }

    [Fact]
    public void WhatHasNoGradientKeepsNoExamples()
    {
        using var scope = NewDisposeScope();
        var (analog, _) = Twins(Ideal, 9, 5);
        using (no_grad())
            _ = analog.call(Noise.Normal(new Rng(1), [4, 9]));
        Assert.Equal(0, AnalogTile(analog).PendingUpdates);
        analog.call(Noise.Normal(new Rng(1), [4, 9])).sum().backward();
        Assert.Equal(1, AnalogTile(analog).PendingUpdates);
        analog.eval(); // which keeps no layer from learning, as in torch
        analog.call(Noise.Normal(new Rng(1), [4, 9])).sum().backward();
        Assert.Equal(2, AnalogTile(analog).PendingUpdates);
    }

    [Fact]
    public void ConvertingWritesWeightsAndReportsLayers()
    {
        using var model = Sequential(("fc1", Linear(9, 6)), ("norm", BatchNorm1d(6)), ("act", Tanh()), ("fc2", Linear(6, 3, hasBias: false)));
        var before = model.state_dict().ToDictionary(entry => entry.Key, entry => Bench.Floats(entry.Value.to(ScalarType.Float32)));
        var report = model.ToAnalog(Ideal);
        Assert.All(model.named_parameters(), parameter => Assert.Equal(before[parameter.name], Bench.Floats(parameter.parameter)));
        Assert.Equal(["fc1", "norm", "fc2"], report.Rows.Select(row => row.Name));
        Assert.Equal([true, false, true], report.Rows.Select(row => row.IsAnalog));
        Assert.Equal((60 + 18, 60 + 18), (report.Weights, report.Devices));
        Assert.Contains("digital: scales and shifts, no matrix", report.ToString());
        Assert.Equal(["fc1", "fc2"], model.AnalogTiles().Select(entry => entry.Name));
    }

    [Fact]
    public void AnotherLayerLeavesTheNumbersOfALayerAlone()
    {
        using var small = Sequential(("fc1", Linear(9, 6)));
        using var large = Sequential(("fc0", Linear(9, 9)), ("fc1", Linear(9, 6)));
        small.ToAnalog(PcmPresets.MspLsp, seed: 3);
        large.ToAnalog(PcmPresets.MspLsp, seed: 3);
        var (a, b) = (small.AnalogTiles().Single().Tile, large.AnalogTiles().Last().Tile);
        Assert.Equal(Steps(a), Steps(b));
        Assert.NotEqual(Steps(b), Steps(large.AnalogTiles().First().Tile)[..54]);

        static short[] Steps(AnalogTile tile) => tile.Cells.State["lsp_up"].data<short>().ToArray();
    }

    [Fact]
    public void WrongInputsAreRefusedByNameAndShape()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(9, 6)), ("fc2", Linear(6, 3)));
        model.ToAnalog(Ideal);
        Assert.Equal("fc1: the input must be [..., 9], but is [4, 8]; its last dimension is the number of inputs.", Message(zeros(4, 8)));
        Assert.StartsWith("fc1: the input must be [..., 9], but is []", Message(tensor(1f)));
        Assert.StartsWith("fc1: the input must be float32, but is Float64", Message(zeros([4, 9], ScalarType.Float64)));
        Assert.StartsWith("fc1: the input must be finite, but holds NaN or infinity", Message(full([4, 9], float.NaN)));
        Assert.StartsWith("fc1: the input must be finite, but holds NaN or infinity", Message(full([4, 9], float.PositiveInfinity)));
        Assert.StartsWith("fc1: the input must be finite, but holds NaN or infinity", Message(full([9, 4], float.NaN).t()));
        // After a refusal the layer still works.
        Assert.Equal([4L, 3], model.call(zeros(4, 9)).shape);

        string Message(Tensor x) => Assert.Throws<ArgumentException>(() => model.call(x)).Message;
    }

    [Fact]
    public void ModelsThatCannotBeConvertedAreRefused()
    {
        using var scope = NewDisposeScope();
        using var twice = Sequential(("fc1", Linear(9, 6)));
        twice.ToAnalog(Ideal);
        Assert.Equal("fc1 is already analog; convert a model once, or make it digital first with model.ToDigital().", Assert.Throws<InvalidOperationException>(() => twice.ToAnalog(Ideal)).Message);
        using var none = Sequential(("act", Tanh()));
        Assert.Equal("Sequential has no layer that can become analog; ToAnalog converts Linear, Bilinear, convolution (transposed ones too), recurrent and attention layers that no rule leaves digital.", Assert.Throws<ArgumentException>(() => none.ToAnalog(Ideal)).Message);
        using var doubles = Sequential(("fc1", Linear(9, 6, dtype: ScalarType.Float64)));
        Assert.StartsWith("fc1: the weights of an analog tile must be a float32 matrix, but are Float64 [6, 9]", Assert.Throws<ArgumentException>(() => doubles.ToAnalog(Ideal)).Message);
        Assert.StartsWith("TileConfig.Cell must not be null.", Assert.Throws<ArgumentNullException>(() => new TileConfig { Cell = null! }).Message);
        Assert.Throws<ArgumentNullException>(() => none.ToAnalog((TileConfig)null!));
    }

    [Fact]
    public void AFailedConversionLeavesTheModelDigital()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(9, 6)), ("fc2", Linear(6, 3)));
        var broken = (Linear)model.children().Last();
        using (no_grad())
            broken.weight!.fill_(float.NaN);
        Assert.StartsWith("fc2: the weights to be written into an analog tile must be finite", Assert.Throws<ArgumentException>(() => model.ToAnalog(Ideal)).Message);
        Assert.Empty(model.AnalogTiles());
        using (no_grad())
            broken.weight!.fill_(0.1f);
        model.ToAnalog(Ideal);
        Assert.Equal(2, model.AnalogTiles().Count());
    }

    [Fact]
    public void ConfigsThatContradictThemselvesAreRefusedWhenTheTileIsBuilt()
    {
        var config = new TileConfig { Cell = new MspLspCell { Writer = new AnalogTorch.Conductance.StaircaseWriter { GMin = 1 } } };
        Assert.StartsWith("StaircaseWriter.GMin, GMax and GLimit must be in ascending order", Assert.Throws<ArgumentException>(() => new AnalogLinear(3, 3, config)).Message);
    }

    private static AnalogTile AnalogTile(Module layer) => AnalogLayer.TryGetTile(layer, out var tile) ? tile : throw new InvalidOperationException("not analog");

    /// <summary>A converted layer and a digital one with the same parameters, on the grid of a device's steps.</summary>
    private static (Linear Analog, Linear Digital) Twins(TileConfig config, long inputs, long outputs)
    {
        var (analog, digital) = (Linear(inputs, outputs), Linear(inputs, outputs));
        using (no_grad())
        {
            foreach (var (a, d) in analog.parameters().Zip(digital.parameters()))
            {
                a.mul_(4096).round_().div_(4096);
                d.copy_(a);
            }
        }
        analog.ToAnalog(config, seed: 1);
        return (analog, digital);
    }
}
