using AnalogTorch.Checkpoints;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>Noises, ranges, limits and calibration of hardware-aware layers, teachers and adapters.</summary>
public sealed class HardwareAwareOptionsTests : IDisposable
{
    private static readonly AnalogPath Coarse = new() { Scaling = new AbsMaxScaling(), Dac = new UniformConverter { Bits = 6 }, Adc = new UniformConverter { Bits = 6, Bound = 8 } };
    private readonly DisposeScope scope = NewDisposeScope();

    public static TheoryData<string> Noises => new(Catalog.Variants<WeightNoise>().Select(type => type.Name));

    public static TheoryData<string> Ranges => new(Catalog.Variants<WeightRange>().Select(type => type.Name));

    public static TheoryData<string> Clips => new(Catalog.Variants<WeightClip>().Select(type => type.Name));

    public static TheoryData<string> Measures => new(Catalog.Variants<InputMeasure>().Select(type => type.Name));

    public void Dispose() => scope.Dispose();

    [Theory]
    [MemberData(nameof(Noises))]
    public void NoiseIsAFunctionOfTheStreamAndLeavesTheWeightsAlone(string name)
    {
        var noise = Of<WeightNoise>(name);
        var weights = Noise.Normal(new Rng(1), [30, 40]);
        var before = Bench.Floats(weights);
        float[] Draw(ulong key)
        {
            var target = empty_like(weights); // here, since what a draw makes is gone after it
            return Bench.Floats(noise.Draw(weights, () => target, new Rng(key)));
        }

        Assert.Equal(Draw(5), Draw(5));
        Assert.Equal(before, Bench.Floats(weights));
        if (noise is not NoWeightNoise)
            Assert.NotEqual(Draw(5), Draw(6));
        var alive = scope.DisposablesCount;
        var room = empty_like(weights);
        noise.Draw(weights, () => room, new Rng(7));
        Assert.Equal(alive + 1, scope.DisposablesCount);
    }

    [Theory]
    [MemberData(nameof(Noises))]
    public void ATrainingReadIsNoisyAndItsGradientSeesTheSameWeights(string name)
    {
        using var layer = Linear(12, 6);
        layer.ToAnalog(new HardwareAwareConfig { WeightNoise = Of<WeightNoise>(name) }, seed: 3);
        var x = Noise.Normal(new Rng(1), [12, 12]).requires_grad_(true);
        var g = Noise.Normal(new Rng(2), [12, 6]);
        var y = layer.call(x);
        (y * g).sum().backward();
        // y = x·Wᵀ + b and ∂x = g·W with one W, which twelve samples of twelve inputs determine.
        var w = linalg.solve(x.detach(), y.detach() - layer.bias!.detach()).t();
        Bench.AssertClose(g.mm(w), x.grad!, 5000, "gradient by the input"); // the solution amplifies rounding by the condition number
        layer.eval();
        Bench.AssertClose(functional.linear(x, layer.weight!, layer.bias), layer.call(x), 16, "output in eval mode");
    }

    [Fact]
    public void NoiseScattersAsItSays()
    {
        // Every output's largest weight is 2, in the first column; the others are 0.5.
        var perOutput = new PerOutputWeightNoise { Deviation = 0.05 };
        Stat.Variance(Others(perOutput)).Is(0.01, detect: 0.03);
        Stat.Mean(Others(perOutput)).Is(0.5, 0.1, detect: 0.002);
        Stat.Mean(Others(new DropConnect { Share = 0.2 })).Is(0.4, 0.2, detect: 0.004);
        Stat.Variance(Others(new BothNoises { First = new AdditiveWeightNoise { Deviation = 0.05 }, Second = new PerOutputWeightNoise { Deviation = 0 } })).Is(0.01, detect: 0.03);
        // A chip with ĝ = 0.25 on one device of the pair and 0 on the other: N(σ(0.25)) of the one, half a normal of σ(0) cut at 0 on the other.
        var memory = new MemoryWeightNoise { Memory = new Pcm90nm { ReadNoiseScale = 0, DriftScale = 0 } };
        var (active, idle) = ((0.26348 + 1.9650 / 4 - 1.1731 / 16) / 25, 0.26348 / 25);
        var variance = active * active + idle * idle * (0.5 - 1 / (2 * Math.PI));
        // The common factor that makes up for the mean moves the variance by its square, within 2 %.
        Stat.Variance(Others(memory)).Is(4 * variance, detect: 0.06);

        static Sampler Others(WeightNoise noise) => (count, rng) =>
        {
            using var inner = NewDisposeScope();
            const int rows = 64;
            var columns = count / rows + 2;
            var weights = full([rows, columns], 0.5f);
            weights.select(1, 0).fill_(2f);
            var room = empty_like(weights);
            var noisy = noise.Draw(weights, () => room, rng);
            return Bench.Floats(noisy.narrow(1, 1, columns - 1).contiguous());
        };
    }

    /// <summary>With a range, converters see weights over it: the layer is one with weights of at most 1, whose outputs are multiplied afterwards.</summary>
    [Theory]
    [MemberData(nameof(Ranges))]
    public void ConvertersSeeWeightsInUnitsOfTheRange(string name)
    {
        var range = Of<WeightRange>(name);
        foreach (var path in new[] { Coarse, Coarse with { ReadNoise = new AdditiveReadNoise { Deviation = 0 } } }) // in passes, and by tensors
        {
            foreach (var bias in new BiasPlacement[] { new DigitalBias(), new AnalogBias() })
            {
                random.manual_seed(2);
                using var layer = Linear(20, 9);
                layer.weight!.detach().mul_(7f);
                var unit = range.Of(layer.weight.detach());
                var x = Noise.Normal(new Rng(4), [5, 20]);
                var own = bias is AnalogBias ? (layer.bias! / unit).detach() : null;
                var expected = path.Read(x, layer.weight.detach() / unit.unsqueeze(1), own, default) * unit + (own is null ? layer.bias!.detach() : zeros(1));
                layer.ToAnalog(new HardwareAwareConfig { Forward = path, Range = range, Bias = bias });
                layer.eval();
                // A value between two levels may fall on either side for a rounding of its last bits: a step of the converter then.
                var step = 16.0 / 62 * unit.max().item<float>() * x.abs().max().item<float>();
                Assert.InRange((layer.call(x) - expected).abs().max().item<float>(), 0, step * 1.001);
                Assert.InRange(((layer.call(x) - expected).abs() > 1e-3).to(ScalarType.Float32).mean().item<float>(), 0, 0.1);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ranges))]
    public void GradientsPassStraightThroughRanges(string name)
    {
        foreach (var make in new Func<Module<Tensor, Tensor>>[] { () => Linear(8, 5), () => Conv2d(2, 5, 3, padding: 1) })
        {
            var (analog, digital) = (make(), make());
            analog.load_state_dict(digital.state_dict());
            analog.ToAnalog(new HardwareAwareConfig { Range = Of<WeightRange>(name) });
            var shape = analog is Linear ? new long[] { 6, 8 } : [3, 2, 6, 6];
            var (xa, xd) = (Noise.Normal(new Rng(1), shape).requires_grad_(true), Noise.Normal(new Rng(1), shape).requires_grad_(true));
            var (ya, yd) = (analog.call(xa), digital.call(xd));
            Bench.AssertClose(yd, ya, 64, "output");
            ya.square().sum().backward();
            yd.square().sum().backward();
            Bench.AssertClose(xd.grad!, xa.grad!, 256, "gradient by the input");
            foreach (var (a, d) in analog.parameters().Zip(digital.parameters()))
                Bench.AssertClose(d.grad!, a.grad!, 256, "gradient by a parameter");
            analog.Dispose();
            digital.Dispose();
        }
    }

    [Theory]
    [MemberData(nameof(Clips))]
    public void WeightsAreLimitedBeforeATrainingRead(string name)
    {
        var clip = Of<WeightClip>(name);
        using var layer = Linear(30, 8);
        using (no_grad())
            layer.weight!.copy_(Noise.Normal(new Rng(3), [8, 30]).pow(3f));
        layer.ToAnalog(new HardwareAwareConfig { Clip = clip });
        var before = layer.weight!.detach().clone();
        layer.eval();
        layer.call(ones(1, 30));
        Assert.True(before.Equals(layer.weight), "Evaluating changes nothing.");
        layer.train();
        layer.call(ones(1, 30)).sum().backward();
        var limits = clip.Limits(before);
        if (limits is null)
            Assert.True(before.Equals(layer.weight));
        else
            Assert.True(minimum(maximum(before, -limits), limits).Equals(layer.weight));
    }

    [Theory]
    [MemberData(nameof(Measures))]
    public void RangesOfInputsAreMeasuredAndStayWithTheTiles(string name)
    {
        var hardware = PcmPresets.HardwareAware with { Forward = PcmPresets.EightBitPath with { Scaling = new CalibratedScaling { Measure = Of<InputMeasure>(name) } } };
        using var model = Sequential(("conv", Conv2d(1, 3, 3)), ("flat", Flatten()), ("fc", Linear(3 * 16, 5)));
        model.ToAnalog(hardware);
        var x = Noise.Uniform(new Rng(1), [64, 1, 6, 6]) * 4;
        Assert.Contains("call model.CalibrateInputs", Assert.Throws<InvalidOperationException>(() => model.call(x)).Message);
        model.CalibrateInputs([x.narrow(0, 0, 32), x.narrow(0, 32, 32)], (network, batch) => network.call(batch));
        var ranges = model.AllTiles().Select(entry => entry.Tile.InputRange).ToArray();
        Assert.InRange(ranges[0], 3.9, 4.0); // the root mean square is 2.3: three of them are beyond the largest input
        Assert.All(ranges, range => Assert.True(range > 0));
        model.eval();
        var y = Bench.Floats(model.call(x));

        // A checkpoint holds them, and a chip takes them over.
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "model.ckpt");
        Checkpoint.Save(file, model);
        using var other = Sequential(("conv", Conv2d(1, 3, 3)), ("flat", Flatten()), ("fc", Linear(3 * 16, 5)));
        other.ToAnalog(hardware);
        Checkpoint.Load(file, other);
        Assert.Equal(ranges, other.AllTiles().Select(entry => entry.Tile.InputRange));
        using var noGrad = no_grad();
        using var chip = model.Program(PcmPresets.Inference with { Forward = hardware.Forward, Memory = new IdealMemory() });
        Assert.Equal(ranges, chip.Tiles.Select(entry => entry.Tile.InputRange));
        Assert.Equal(y.Length, Bench.Floats(model.call(x)).Length);
    }

    [Fact]
    public void CalibrationWithoutNeedOrWithoutInputsIsRefused()
    {
        using var model = Sequential(Linear(4, 3));
        model.ToAnalog(PcmPresets.HardwareAware);
        Assert.Contains("has a CalibratedScaling", Assert.Throws<InvalidOperationException>(() => model.CalibrateInputs([ones(2, 4)], (network, batch) => network.call(batch))).Message);
        model.ToDigital();
        model.ToAnalog(PcmPresets.HardwareAware with { Forward = PcmPresets.EightBitPath with { Scaling = new CalibratedScaling() } });
        Assert.Contains("no inputs but zeros", Assert.Throws<InvalidOperationException>(() => model.CalibrateInputs([zeros(2, 4)], (network, batch) => network.call(batch))).Message);
    }

    [Fact]
    public void ATeacherSaysWhatTheModelOnceSaid()
    {
        using var model = Sequential(("fc1", Linear(6, 10)), ("norm", BatchNorm1d(10)), ("drop", Dropout(0.5)), ("fc2", Linear(10, 4)));
        var x = Noise.Normal(new Rng(1), [8, 6]);
        model.eval();
        var original = Bench.Floats(model.call(x));
        using var teacher = new Teacher(model);
        model.ToAnalog(PcmPresets.HardwareAware, seed: 1);
        model.train();
        using var optimizer = optim.Adam(model.parameters(), 0.05);
        for (var step = 0; step < 5; step++)
        {
            optimizer.zero_grad();
            var taught = teacher.Answer(() => model.call(x));
            Assert.Equal(original, Bench.Floats(taught));
            Assert.True(model.modules().All(module => module.training));
            Teacher.Loss(model.call(x), taught).backward();
            optimizer.step();
        }
        model.eval();
        Assert.NotEqual(original, Bench.Floats(model.call(x)));
        var student = Noise.Normal(new Rng(2), [8, 4]).requires_grad_(true);
        var loss = Teacher.Loss(student, student.detach());
        loss.backward();
        Assert.InRange(Math.Abs(loss.item<float>()), 0, 1e-6);
        Assert.InRange(student.grad!.abs().max().item<float>(), 0, 1e-6);
        Assert.Throws<ArgumentException>(() => Teacher.Loss(zeros(2, 3), zeros(3, 2)));
    }

    [Theory]
    [InlineData("digital")]
    [InlineData("on a chip")]
    [InlineData("before the chip")]
    [InlineData("hardware-aware")]
    public void AdaptersLearnBesideFrozenLayers(string where)
    {
        random.manual_seed(1);
        using var model = Sequential(("conv", Conv2d(2, 4, 3, stride: 2, padding: 1)), ("act", ReLU()), ("flat", Flatten()), ("fc", Linear(4 * 16, 5)));
        model.eval();
        var (x, wanted) = (Noise.Normal(new Rng(1), [16, 2, 8, 8]), Noise.Normal(new Rng(2), [16, 5]));
        var weights = model.parameters().Select(Bench.Floats).ToArray();
        var chipless = where is "digital" or "hardware-aware";
        if (where == "hardware-aware")
            model.ToAnalog(new HardwareAwareConfig());
        ProgrammedModel<Sequential>? chip = null;
        if (where == "on a chip")
            chip = model.Program(PcmPresets.Inference, seed: 3);
        Tensor before;
        using (no_grad())
            before = chipless ? model.call(x) : zeros(1);
        using (var adapters = model.AddAdapters(rank: 4, seed: 5))
        {
            Assert.Equal(4, adapters.Parameters.Count);
            if (where == "before the chip")
                chip = model.Program(PcmPresets.Inference with { Forward = new AnalogPath() }, seed: 3);
            if (chipless)
                Assert.True((model.call(x) - before).abs().max().item<float>() < 1e-6, "Adapters must start with nothing.");
            Assert.Contains(model.state_dict().Keys, key => key == "fc.adapter.a");
            using var optimizer = optim.Adam(adapters.Parameters, 0.02);
            var losses = new List<float>();
            for (var step = 0; step < 60; step++)
            {
                optimizer.zero_grad();
                var loss = (model.call(x) - wanted).square().mean();
                loss.backward();
                optimizer.step();
                losses.Add(loss.item<float>());
            }
            Assert.True(losses[^1] < 0.3 * losses[0], $"{losses[0]} -> {losses[^1]}");
        }
        Assert.Equal(weights, model.parameters().Select(Bench.Floats).ToArray());
        Assert.True(model.parameters().All(parameter => parameter.requires_grad));
        chip?.Dispose();
        if (chipless)
            Assert.True((model.call(x) - before).abs().max().item<float>() < 1e-6);
    }

    [Fact]
    public void AdaptersThatCannotBeAreRefused()
    {
        using var model = Sequential(("act", ReLU()), ("fc", Linear(4, 3)), ("group", Conv2d(4, 4, 1, groups: 2)));
        Assert.Contains("those are fc", Assert.Throws<ArgumentException>(() => model.AddAdapters(names: ["group"])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.AddAdapters(rank: 0));
        using var adapters = model.AddAdapters();
        Assert.Contains("has an adapter already", Assert.Throws<InvalidOperationException>(() => model.AddAdapters()).Message);
        using var bare = Sequential(ReLU());
        Assert.Contains("no layer that can have an adapter", Assert.Throws<ArgumentException>(() => bare.AddAdapters()).Message);
    }

    private static T Of<T>(string name) where T : HardwareConfig => Catalog.Defaults<T>().Single(config => config.GetType().Name == name);
}
