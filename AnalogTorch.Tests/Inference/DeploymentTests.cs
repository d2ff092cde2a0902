using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
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

/// <summary>What a programmed model promises.</summary>
public sealed class DeploymentTests : IDisposable
{
    private static readonly InferenceConfig Ideal = new() { Memory = new IdealMemory() };
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Sequential model;
    private readonly Tensor x;

    public DeploymentTests()
    {
        random.manual_seed(3);
        model = Sequential(
            ("conv", Conv2d(2, 6, 3, groups: 2)), ("norm", BatchNorm2d(6)), ("act", ReLU()), ("flat", Flatten()), ("fc1", Linear(6 * 36, 40)), ("tanh", Tanh()), ("fc2", Linear(40, 10)));
        model.eval();
        x = Noise.Normal(new Rng(1), [16, 2, 8, 8]);
    }

    public static TheoryData<string> Configs =>
    [
        "pair", "pairs", "two pairs", "column", "slices", "verified", "anticipated", "four phases", "grid", "analog grid", "bias in the array", "precise", "14 nm", "reram", "stuck", "layer range", "per output", "slope", "exact",
    ];

    public void Dispose()
    {
        model.Dispose();
        scope.Dispose();
    }

    [Theory]
    [MemberData(nameof(Configs))]
    public void WhatAChipShowsDependsOnTimeAloneAndNotOnTheWayThere(string name)
    {
        using var noGrad = no_grad();
        using var chip = model.Program(Config(name), seed: 5);
        var fresh = Weights(chip);
        var day = Weights(chip.DriftTo(Units.Day));
        var year = Weights(chip.DriftTo(Units.Year));
        Assert.NotEqual(fresh, day);
        Assert.Equal(day, Weights(chip.DriftTo(Units.Day)));
        var anew = Weights(chip.ReadAnew());
        Assert.Equal(anew, Weights(chip.DriftTo(Units.Day).ReadAnew()));
        Assert.Equal(fresh, Weights(chip.DriftTo(0)));
        chip.Dispose();

        using var again = model.Program(Config(name), seed: 5);
        Assert.Equal(fresh, Weights(again));
        Assert.Equal(year, Weights(again.DriftTo(Units.Year)));
        again.Dispose();
        using var other = model.Program(Config(name), seed: 6);
        Assert.NotEqual(fresh, Weights(other));
    }

    [Theory]
    [MemberData(nameof(Configs))]
    public void DisposingOfTheChipGivesTheModelBack(string name)
    {
        using var noGrad = no_grad();
        var (before, state) = (Bench.Floats(model.call(x)), State());
        var alive = scope.DisposablesCount;
        using (NewDisposeScope())
        {
            using var chip = model.Program(Config(name), seed: 5);
            chip.DriftTo(Units.Day).RecalibrateBatchNorm([x], (network, batch) => network.call(batch));
            Assert.NotEqual(before, Bench.Floats(model.call(x)));
        }
        Assert.Equal(alive, scope.DisposablesCount);
        Assert.Equal(before, Bench.Floats(model.call(x)));
        Assert.Equal(state, State());

        string[] State() => [.. model.state_dict().Select(entry => $"{entry.Key} {string.Join(" ", Bench.Floats(entry.Value.to(ScalarType.Float32)))}")];
    }

    [Theory]
    [MemberData(nameof(Configs))]
    public void OutputsStayNearTheDigitalOnes(string name)
    {
        using var noGrad = no_grad();
        var digital = model.call(x);
        using var chip = model.Program(Config(name), seed: 5);
        Assert.InRange(Error(digital), 1e-4, 0.5);
        chip.DriftTo(Units.Day);
        Assert.InRange(Error(digital), 1e-4, 0.8);
    }

    [Fact]
    public void AnIdealChipIsTheDigitalNetworkAtAnyTime()
    {
        using var noGrad = no_grad();
        foreach (var map in Catalog.Defaults<WeightMap>())
        {
            foreach (var size in new TileSize[] { new UnlimitedSize(), new LimitedSize { Inputs = 64, Outputs = 24 } })
            {
                foreach (var bias in Catalog.Defaults<BiasPlacement>())
                {
                    var digital = model.call(x);
                    using var chip = model.Program(Ideal with { Map = map, Size = size, Bias = bias });
                    chip.DriftTo(Units.Year);
                    Assert.InRange((model.call(x) - digital).abs().max().item<float>(), 0, 2e-5 * digital.abs().max().item<float>());
                    Assert.Equal(0, chip.Report.FailedFraction);
                }
            }
        }
    }

    /// <summary>Every network of the zoo, recurrent, grouped or deep, gives on an ideal chip what it gives digitally.</summary>
    [Theory]
    [MemberData(nameof(ZooLaws.Names), MemberType = typeof(ZooLaws))]
    public void IdealChipsRunEveryNetwork(string name)
    {
        using var noGrad = no_grad();
        var (_, network, inputs) = ZooLaws.Small(name);
        using (network)
        {
            network.eval();
            var digital = ZooLaws.Scores(network, inputs);
            using var chip = network.Program(Ideal);
            chip.DriftTo(Units.Day);
            Assert.InRange((ZooLaws.Scores(network, inputs) - digital).abs().max().item<float>(), 0, 2e-5 * digital.abs().max().item<float>());
        }
    }

    [Fact]
    public void ProgrammingTakesATrainedModelFromItsTilesAndPutsItBack()
    {
        foreach (var hardware in new LayerHardware[] { PcmPresets.HardwareAware, PcmPresets.MspLsp })
        {
            var (interrupted, straight) = (Train(true), Train(false));
            Assert.Equal(straight, interrupted);

            float[] Train(bool deploys)
            {
                random.manual_seed(8);
                using var network = Sequential(Linear(20, 12), Tanh(), Linear(12, 4));
                network.ToAnalog(hardware, seed: 2, LayerRule.Digital("2"));
                using var optimizer = new AnalogSGD(network.parameters(), lr: 0.05);
                for (var step = 0; step < 6; step++)
                {
                    if (deploys && step == 3)
                    {
                        network.eval();
                        using var noGrad = no_grad();
                        using var chip = network.Program(PcmPresets.Inference, seed: 9);
                        Assert.Equal(["0"], chip.Tiles.Select(tile => tile.Name)); // what was left digital stays so
                        network.call(x.view(-1, 64).narrow(1, 0, 20).contiguous());
                    }
                    network.train();
                    optimizer.zero_grad();
                    network.call(x.view(-1, 64).narrow(1, 0, 20).contiguous()).square().sum().backward();
                    optimizer.step();
                }
                return [.. network.parameters().SelectMany(Bench.Floats)];
            }
        }
    }

    [Fact]
    public void GlobalCompensationBringsTheMeanOutputBack()
    {
        // Reads without noise, and devices that all drift with one exponent: what one factor can mend, it mends.
        using var noGrad = no_grad();
        var memory = new Pcm90nm { ProgrammingNoiseScale = 0, ReadNoiseScale = 0 };
        foreach (var compensation in Catalog.Defaults<DriftCompensation>().Where(compensation => compensation is not NoCompensation))
        {
            using var chip = model.Program(new InferenceConfig { Memory = memory, Compensation = compensation }, seed: 1);
            var before = model.call(x).abs().mean().item<float>();
            chip.DriftTo(Units.Day);
            Assert.InRange(model.call(x).abs().mean().item<float>() / before, 0.95, 1.05);
            chip.Dispose();
            using var bare = model.Program(new InferenceConfig { Memory = memory }, seed: 1);
            bare.DriftTo(Units.Day);
            Assert.InRange(model.call(x).abs().mean().item<float>() / before, 0.3, 0.9);
        }
    }

    [Fact]
    public void BatchNormIsRecalibratedToTheMeanOverAllBatches()
    {
        using var noGrad = no_grad();
        using var chip = model.Program(PcmPresets.Inference with { Compensation = new NoCompensation() }, seed: 1);
        chip.DriftTo(Units.Year);
        var norm = model.modules().OfType<BatchNorm2d>().Single();
        var momentum = norm.momentum;
        var batches = new[] { x.narrow(0, 0, 8), x.narrow(0, 8, 8) };
        chip.RecalibrateBatchNorm(batches, (network, batch) => network.call(batch));
        Assert.Equal(momentum, norm.momentum);
        Assert.False(norm.training);
        // The layer subtracts what its inputs are on average now: its outputs have no mean over both halves, its own shift being 0.
        var conv = model.modules().OfType<Conv2d>().Single();
        Assert.All(Bench.Floats(norm.call(conv.call(x)).mean([0L, 2, 3])), mean => Assert.InRange(Math.Abs(mean), 0, 0.1));
        Assert.Contains("at least one batch", Assert.Throws<InvalidOperationException>(() => chip.RecalibrateBatchNorm(Array.Empty<Tensor>(), (network, batch) => network.call(batch))).Message);
    }

    [Fact]
    public void OutputsOfALinearLayerScatterAsItsWeightsDo()
    {
        // A pair scatters by σ·√2 of the range, which is the largest weight, and y = Σ w·x: over chips, the variance is 2·σ²·Σx².
        const double sigma = 0.03;
        const int inputs = 50;
        using var noGrad = no_grad();
        var memory = new ReRamCmo { GMin = 0.5, GMax = 1.5, ProgrammingOffset = sigma, ProgrammingSlope = 0 }; // siemens: nothing of it is near 0
        Sampler sampler = (count, rng) =>
        {
            using var inner = NewDisposeScope();
            using var layer = Linear(inputs, count, hasBias: false);
            layer.weight!.fill_(0.5f);
            layer.weight.select(1, 0).fill_(1f);
            layer.eval();
            using var chip = layer.Program(new InferenceConfig { Memory = memory }, seed: (long)(rng.Key >> 1));
            return Bench.Floats(layer.call(ones(1, inputs)).view(-1));
        };
        Stat.Mean(sampler).Is(1 + 0.5 * (inputs - 1), sigma * Math.Sqrt(2 * inputs), detect: 0.01);
        Stat.Variance(sampler).Is(2 * sigma * sigma * inputs, detect: 0.03);
    }

    [Fact]
    public void EvaluationsDrawNoiseOfTheirOwn()
    {
        using var noGrad = no_grad();
        using var chip = model.Program(PcmPresets.Inference, seed: 1);
        chip.DriftTo(Units.Hour);
        var results = chip.Evaluate(5, network => network.call(x).square().sum().item<float>());
        Assert.Equal(5, results.Distinct().Count());
        Assert.Equal(4, chip.Evaluation);
    }

    [Fact]
    public void TheStateIsVisible()
    {
        using var chip = model.Program(PcmPresets.Inference, seed: 1);
        Assert.Contains("programmed just now", $"{chip}");
        Assert.Equal(0, chip.Time);
        chip.DriftTo(Units.Day);
        Assert.Equal(Units.Day, chip.Time);
        Assert.Contains("programmed 86.4 ks ago", $"{chip}");
        Assert.Contains("fc1", $"{chip.Report}");
        Assert.Contains("DifferentialPair, Pcm90nm", $"{chip.Layers}");
        chip.Dispose();
        chip.Dispose();
        Assert.Contains("off its chip", $"{chip}");
    }

    [Fact]
    public void WhatCannotBeIsRefusedInOneSentence()
    {
        Says<ArgumentException>("use model.Program(...)", () => model.ToAnalog(PcmPresets.Inference));
        Says<ArgumentException>("whose weights are trained", () => model.Program(PcmPresets.Inference, 0, LayerRule.Named("fc1", PcmPresets.HardwareAware)));
        Says<ArgumentException>("use DifferentialPair or TwoPairs", () => model.Program(PcmPresets.FourPhaseInference with { Map = new OffsetColumn() }));
        using (var noLayers = Sequential(ReLU()))
            Says<ArgumentException>("has no layer that can become analog", () => noLayers.Program(PcmPresets.Inference));
        using var chip = model.Program(PcmPresets.Inference);
        Says<InvalidOperationException>("dispose of the chip before", () => model.Program(PcmPresets.Inference));
        Says<InvalidOperationException>("programmed", () => model.ToAnalog(PcmPresets.MspLsp));
        foreach (var time in new[] { -1, double.NaN, double.PositiveInfinity })
            Says<ArgumentOutOfRangeException>("at least 0 s after programming", () => chip.DriftTo(time));
        Assert.Throws<ArgumentOutOfRangeException>(() => chip.Evaluate(0, _ => 0));
        model.train();
        Says<InvalidOperationException>("cannot be trained", () => model.call(x));
        model.eval();
        chip.Dispose();
        Says<ObjectDisposedException>("program the model again", () => chip.DriftTo(1));
        Says<ObjectDisposedException>("program the model again", () => Tap(chip));
        model.get_parameter("fc1.weight")!.detach().fill_(float.NaN);
        Says<ArgumentException>("must be finite", () => model.Program(PcmPresets.Inference));

        static void Tap(Sequential network) => network.eval();

        static void Says<TException>(string words, Action action) where TException : Exception
        {
            var message = Assert.Throws<TException>(action).Message;
            Assert.Contains(words, message);
        }
    }

    [Fact]
    public void AModelThatIsGoneTakesItsChipAlong()
    {
        Run(programs: false); // what torch itself leaves to its finalizers
        var before = LiveTensors.Settled();
        Run(programs: false);
        var bare = Tensor.TotalCount - before;
        before = LiveTensors.Settled();
        Run(programs: true);
        LiveTensors.AssertNoneSince(before + bare);

        static void Run(bool programs)
        {
            var network = Sequential(Linear(20, 12), Tanh(), Linear(12, 4));
            var chip = programs ? network.Program(PcmPresets.Inference) : null;
            network.Dispose();
            chip?.Dispose();
        }
    }

    [Fact]
    public void GradientsPassThroughAChip()
    {
        using var layer = Linear(7, 5);
        foreach (var parameter in layer.parameters())
            parameter.requires_grad = false;
        using var chip = layer.Program(PcmPresets.Inference with { Forward = new AnalogPath() }, seed: 3);
        chip.DriftTo(Units.Day);
        var input = Noise.Normal(new Rng(4), [3, 7]).requires_grad_(true);
        var delta = Noise.Normal(new Rng(5), [3, 5]);
        (layer.call(input) * delta).sum().backward();
        var basis = eye(7);
        var columns = layer.call(basis).detach() - layer.bias!.detach(); // what the chip multiplies by, correction included
        Assert.InRange((input.grad! - delta.mm(columns.t())).abs().max().item<float>(), 0, 1e-5);
    }

    private double Error(Tensor digital) => ((model.call(x) - digital).square().mean().sqrt() / digital.std()).item<float>();

    private static float[] Weights(ProgrammedModel<Sequential> chip) => [.. chip.Tiles.SelectMany(tile => Bench.Floats(tile.Tile.Weights))];

    private static InferenceConfig Config(string name) => name switch
    {
        "pair" => PcmPresets.Inference,
        "pairs" => PcmPresets.Inference with { Map = new ParallelPairs { Pairs = 3 } },
        "two pairs" => PcmPresets.Inference with { Map = new TwoPairs() },
        "column" => PcmPresets.Inference with { Map = new OffsetColumn() },
        "slices" => PcmPresets.Inference with { Map = new BitSlices() },
        "verified" => PcmPresets.Inference with { Programming = new WriteVerifyProgramming() },
        "anticipated" => PcmPresets.Inference with { Programming = new WriteVerifyProgramming { Anticipation = new MeanAnticipation() } },
        "four phases" => PcmPresets.FourPhaseInference,
        "grid" => PcmPresets.Inference with { Size = new LimitedSize { Inputs = 64, Outputs = 24 } },
        "analog grid" => PcmPresets.Inference with { Size = new LimitedSize { Inputs = 64, Outputs = 24, Sums = new AnalogSums() } },
        "bias in the array" => PcmPresets.Inference with { Bias = new AnalogBias() },
        "precise" => PcmPresets.PreciseInference,
        "14 nm" => PcmPresets.Inference with { Memory = new Pcm14nm() },
        "reram" => PcmPresets.Inference with { Memory = new ReRamCmo() },
        "stuck" => PcmPresets.Inference with { Defects = new StuckDevices { AtMin = 0.01 } },
        "layer range" => PcmPresets.Inference with { Range = new LayerDeviations() },
        "per output" => PcmPresets.Inference with { Compensation = new PerOutputCompensation() },
        "slope" => PcmPresets.Inference with { Compensation = new SlopeCompensation() },
        _ => PcmPresets.Inference with { Compensation = new ExactCompensation() },
    };
}
