using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Tests.Networks;
using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Inference;

/// <summary>Gain and offset of every output, found anew on a chip.</summary>
public sealed class OutputRecalibrationTests : IDisposable
{
    /// <summary>Reads give the same every time, so that what a fit promises can be seen in the next read.</summary>
    private static readonly InferenceConfig Silent = PcmPresets.Inference with { Forward = new AnalogPath() };

    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Sequential model;
    private readonly Tensor x;

    public OutputRecalibrationTests()
    {
        random.manual_seed(3);
        model = Sequential(
            ("conv", Conv2d(2, 6, 3, groups: 2)), ("norm", BatchNorm2d(6)), ("act", ReLU()), ("flat", Flatten()), ("fc1", Linear(6 * 36, 40)), ("tanh", Tanh()), ("fc2", Linear(40, 10)));
        model.eval();
        x = Noise.Normal(new Rng(1), [200, 2, 8, 8]);
    }

    public static TheoryData<string> Chips => ["silent", "uncompensated", "bias in the array", "grid", "converters"];

    public void Dispose()
    {
        model.Dispose();
        scope.Dispose();
    }

    [Theory]
    [MemberData(nameof(Chips))]
    public void OutputsComeNearTheDigitalOnes(string name)
    {
        using var noGrad = no_grad();
        var digital = model.call(x);
        using var chip = model.Program(Chip(name), seed: 5);
        chip.DriftTo(Units.Day);
        var before = Error();
        chip.RecalibrateOutputs(x.narrow(0, 0, 100).split(30), (network, batch) => network.call(batch)); // the last batch is smaller
        Assert.InRange(Error(), 0, 0.98 * before); // on inputs that it was not found with

        double Error() => (model.call(x.narrow(0, 100, 100)) - digital.narrow(0, 100, 100)).square().mean().sqrt().item<float>();
    }

    [Theory]
    [InlineData("silent")]
    [InlineData("uncompensated")]
    [InlineData("bias in the array")]
    [InlineData("grid")]
    public void EveryOutputIsALeastSquaresFit(string name)
    {
        using var noGrad = no_grad();
        var digital = model.call(x).to(ScalarType.Float64);
        using var chip = model.Program(Chip(name), seed: 5);
        chip.DriftTo(Units.Day).RecalibrateOutputs(x.split(70), (network, batch) => network.call(batch));
        // The normal equations of the last layer: what is left over has no mean, and nothing in common with what the layer gives.
        var now = model.call(x).to(ScalarType.Float64);
        var (rest, size) = (digital - now, digital.std(0));
        Assert.InRange((rest.mean([0L]) / size).abs().max().item<double>(), 0, 1e-5);
        Assert.InRange(((rest * now).mean([0L]) / size.square()).abs().max().item<double>(), 0, 1e-5);
        Assert.InRange(rest.std(0).div(size).min().item<double>(), 0.01, 1);
    }

    /// <summary>Networks that are recurrent, grouped, deep or call a layer often: nothing is left to find on an ideal chip.</summary>
    [Theory]
    [MemberData(nameof(ZooLaws.Names), MemberType = typeof(ZooLaws))]
    public void OfAnIdealChipNothingChanges(string name)
    {
        using var noGrad = no_grad();
        var (_, network, inputs) = ZooLaws.Small(name);
        using (network)
        {
            network.eval();
            var digital = ZooLaws.Scores(network, inputs);
            using var chip = network.Program(new InferenceConfig { Memory = new IdealMemory() });
            chip.RecalibrateOutputs([inputs], (model, batch) => ZooLaws.Scores(model, batch));
            Assert.Equal(chip.Tiles.Count, chip.OutputCorrections.Count);
            Assert.InRange((ZooLaws.Scores(network, inputs) - digital).abs().max().item<float>(), 0, 1e-3 * digital.abs().max().item<float>());
        }
    }

    [Fact]
    public void CorrectionsStayWhateverTheTimeAndCanBePutOntoTheSameChip()
    {
        using var noGrad = no_grad();
        using var chip = model.Program(PcmPresets.Inference, seed: 5);
        chip.DriftTo(Units.Day);
        Assert.Empty(chip.OutputCorrections);
        var untouched = Show();
        chip.RecalibrateOutputs([x], (network, batch) => network.call(batch));
        var (corrections, day) = (chip.OutputCorrections, Show());
        Assert.Equal(["conv", "fc1", "fc2"], corrections.Keys);
        Assert.Equal([6, 40, 10], corrections.Values.Select(correction => correction.Offsets.Count));
        chip.DriftTo(Units.Year);
        Assert.NotEqual(day, Show());
        chip.DriftTo(Units.Day);
        Assert.Equal(day, Show());
        chip.ReadAnew();
        Assert.NotEqual(day, Show());
        chip.DriftTo(Units.Day).OutputCorrections = new Dictionary<string, OutputCorrection>();
        Assert.Equal(untouched, Show());
        chip.Dispose();

        using var again = model.Program(PcmPresets.Inference, seed: 5);
        again.DriftTo(Units.Day).OutputCorrections = corrections;
        Assert.Equal(day, Show());

        float[] Show()
        {
            model.SeekEvaluation(0);
            return Bench.Floats(model.call(x));
        }
    }

    [Fact]
    public void AFitDoesNotDependOnTheOneBefore()
    {
        using var noGrad = no_grad();
        using var chip = model.Program(Silent, seed: 5);
        chip.DriftTo(Units.Year).RecalibrateOutputs([x.narrow(0, 0, 50)], (network, batch) => network.call(batch));
        chip.RecalibrateOutputs([x], (network, batch) => network.call(batch));
        var twice = chip.OutputCorrections["fc2"];
        chip.Dispose();
        using var fresh = model.Program(Silent, seed: 5);
        fresh.DriftTo(Units.Year).RecalibrateOutputs([x], (network, batch) => network.call(batch));
        Assert.Equal(fresh.OutputCorrections["fc2"].Gains, twice.Gains);
        Assert.Equal(fresh.OutputCorrections["fc2"].Offsets, twice.Offsets);
    }

    [Fact]
    public void DisposingOfTheChipGivesTheModelBack()
    {
        using var noGrad = no_grad();
        var before = Bench.Floats(model.call(x));
        var alive = scope.DisposablesCount;
        using (NewDisposeScope())
        {
            using var chip = model.Program(PcmPresets.Inference, seed: 5);
            chip.RecalibrateOutputs([x], (network, batch) => network.call(batch));
        }
        Assert.Equal(alive, scope.DisposablesCount);
        Assert.Equal(before, Bench.Floats(model.call(x)));
    }

    [Fact]
    public void WhatCannotBeIsRefusedAndLeavesTheChipAsItWas()
    {
        using var noGrad = no_grad();
        using var chip = model.Program(Silent, seed: 5);
        chip.RecalibrateOutputs([x], (network, batch) => network.call(batch));
        var before = Bench.Floats(model.call(x));
        Says<InvalidOperationException>("at least one batch", () => chip.RecalibrateOutputs(Array.Empty<Tensor>(), (network, batch) => network.call(batch)));
        Says<InvalidOperationException>("calls its layers alike", () => RunOddly(call => call % 2 == 0 ? 2 : 1));
        Says<InvalidOperationException>("calls its layers alike", () => RunOddly(call => call % 2 == 0 ? 1 : 2));
        Says<InvalidOperationException>("calls its layers alike", () => chip.RecalibrateOutputs([x], (network, batch) => network.call(batch.narrow(0, 0, 20 + Random.Shared.Next(100)))));
        Assert.Throws<TimeZoneNotFoundException>(() => chip.RecalibrateOutputs([x], (_, _) => throw new TimeZoneNotFoundException()));
        var some = chip.OutputCorrections["fc2"];
        Says<ArgumentException>("names 'fc3', but the arrays of this chip are conv, fc1, fc2", () => chip.OutputCorrections = new Dictionary<string, OutputCorrection> { ["fc3"] = some });
        Says<ArgumentException>("each of its 40 outputs", () => chip.OutputCorrections = new Dictionary<string, OutputCorrection> { ["fc1"] = some });
        Says<ArgumentException>("finite", () => chip.OutputCorrections = new Dictionary<string, OutputCorrection> { ["fc2"] = some with { Gains = [.. some.Gains.Skip(1), float.NaN] } });
        Assert.Equal(before, Bench.Floats(model.call(x)));
        chip.Dispose();
        Says<ObjectDisposedException>("program the model again", () => chip.RecalibrateOutputs([x], (network, batch) => network.call(batch)));

        void RunOddly(Func<int, int> callsOf)
        {
            var calls = 0;
            chip.RecalibrateOutputs([x], (network, batch) =>
            {
                for (var left = callsOf(++calls); left > 0; left--)
                    network.call(batch);
            });
        }

        static void Says<TException>(string words, Action action) where TException : Exception => Assert.Contains(words, Assert.Throws<TException>(action).Message);
    }

    private static InferenceConfig Chip(string name) => name switch
    {
        "uncompensated" => Silent with { Compensation = new NoCompensation() },
        "bias in the array" => Silent with { Bias = new AnalogBias() },
        "grid" => Silent with { Size = new LimitedSize { Inputs = 64, Outputs = 24 } },
        "converters" => PcmPresets.Inference,
        _ => Silent,
    };
}
