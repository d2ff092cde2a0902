using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Habits;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>Networks in every style of field and call become analog in place, or are refused by name.</summary>
public class ConversionTests
{
    private static readonly TileConfig Ideal = new()
    {
        Cell = new SingleDevice { Device = new ConstantStep { DwMin = 1e-3, Min = -10, Max = 10, DwMinVariation = 0, UpDownVariation = 0, MinVariation = 0, MaxVariation = 0, CycleNoise = 0 } },
        Update = new ExactUpdate(),
    };

    public static TheoryData<string> Styles => new(Networks.Keys);

    private static IReadOnlyDictionary<string, Func<Module<Tensor, Tensor>>> Networks { get; } = new Dictionary<string, Func<Module<Tensor, Tensor>>>
    {
        ["sealed fields"] = () => new SealedFields(),
        ["base-typed fields"] = () => new BaseFields(),
        ["lists and dictionaries"] = () => new Lists(),
        ["nested, inherited"] = () => new Derived(),
        ["one module twice"] = () => new Shared(),
        ["sequential in sequential"] = () => Sequential(("a", Sequential(("fc", Linear(6, 5)), ("act", Tanh()))), ("b", Sequential(("fc", Linear(5, 4))))),
        ["a single layer"] = () => Linear(6, 4),
    };

    /// <summary>Everything that a user holds on to stays what it was: objects, names, order, values, mode; outputs and training too.</summary>
    [Theory]
    [MemberData(nameof(Styles))]
    public void ANetworkStaysWhatItWas(string style)
    {
        using var scope = NewDisposeScope();
        var (digital, analog) = (Networks[style](), Networks[style]());
        analog.load_state_dict(digital.state_dict());
        var parameters = analog.named_parameters().ToArray();
        parameters[0].parameter.requires_grad = false;
        digital.parameters().First().requires_grad = false;
        analog.eval();
        analog.ToAnalog(Ideal, seed: 3);
        Assert.All(analog.modules(), module => Assert.False(module.training));
        Assert.Equal(parameters.Select(entry => entry.name), analog.named_parameters().Select(entry => entry.name));
        Assert.All(parameters.Zip(analog.parameters()), pair => Assert.Same(pair.First.parameter, pair.Second));
        Assert.False(parameters[0].parameter.requires_grad);
        Assert.Equal(digital.state_dict().Keys, analog.state_dict().Keys.Where(key => !key.Split('.').Contains("analog_tile")));

        digital.train();
        analog.train();
        using var digitalStep = optim.SGD(digital.parameters(), 0.1);
        using var analogStep = new AnalogSGD(analog.parameters(), 0.1);
        for (var step = 0; step < 3; step++)
        {
            var x = Uniform(step, 7, 6);
            digitalStep.zero_grad();
            analogStep.zero_grad();
            var (expected, actual) = (digital.call(x), analog.call(x));
            Close(expected, actual);
            expected.square().sum().backward();
            actual.square().sum().backward();
            digitalStep.step();
            analogStep.step();
            Assert.All(digital.parameters().Zip(analog.parameters()), pair => Close(pair.First, pair.Second));
        }

        var last = analog.call(Uniform(9, 7, 6)).detach();
        Assert.True(analog.ToDigital() > 0);
        Assert.Equal(digital.state_dict().Keys, analog.state_dict().Keys);
        Close(last, analog.call(Uniform(9, 7, 6)));
        analog.ToAnalog(new HardwareAwareConfig());
        Close(last, analog.call(Uniform(9, 7, 6)));
    }

    [Theory]
    [InlineData(typeof(RunsByForward), "fc1", "fc1")]
    [InlineData(typeof(RunsOneByForward), "fc2", "fc2")]
    [InlineData(typeof(RunsInLambda), "fc1", "fc1")]
    public void LayersThatWouldBeBypassedAreNamed(Type type, string layer, string field)
    {
        using var scope = NewDisposeScope();
        var network = (Module<Tensor, Tensor>)Activator.CreateInstance(type)!;
        var before = network.state_dict().Keys.ToArray();
        var message = Assert.Throws<InvalidOperationException>(() => network.ToAnalog(Ideal)).Message;
        Assert.StartsWith($"{layer} cannot be put on a tile as it is: {type.Name} runs it by {field}.forward(...)", message, StringComparison.Ordinal);
        Assert.Contains($"{field}.call(...)", message, StringComparison.Ordinal);
        Assert.Contains("global using Linear = AnalogTorch.Layers.AnalogLinear;", message, StringComparison.Ordinal);
        Assert.Equal(before, network.state_dict().Keys);
        Assert.Empty(network.AllTiles());
    }

    /// <summary>Where the inputs fill their tiles, the bias has one of its own, in reads of any kind.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ABiasMayBeAloneOnItsTile(bool operationByOperation)
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(8, 3);
        var x = linspace(-1, 1, 40).view(5, 8).sin();
        var digital = layer.call(x).detach();
        var path = new AnalogPath
        {
            Scaling = new AbsMaxScaling(),
            Dac = new UniformConverter { Bits = 20 },
            IrDrop = operationByOperation ? new ColumnIrDrop { Strength = 0 } : new NoIrDrop(),
        };
        layer.ToAnalog(new HardwareAwareConfig { Forward = path, Backward = path, Size = new LimitedSize { Inputs = 4, Outputs = 3 } });
        Assert.InRange((layer.call(x) - digital).abs().max().item<float>(), 0, 1e-4);
    }

    [Fact]
    public void LeavingABypassedLayerDigitalIsFine()
    {
        using var scope = NewDisposeScope();
        var network = new RunsOneByForward();
        var report = network.ToAnalog(Ideal, 0, LayerRule.Digital("fc2"));
        Assert.Equal(["fc1"], report.Rows.Where(row => row.IsAnalog).Select(row => row.Name));
    }

    [Theory]
    [InlineData("in memory")]
    [InlineData("hardware-aware")]
    [InlineData("programmed")]
    public void LayersReachedThroughAListAreNamedByTheFirstPass(string way)
    {
        using var scope = NewDisposeScope();
        var network = new RunsListByForward();
        using var chip = HabitWay.All.Single(one => one.Name == way).Convert(network);
        var message = Assert.Throws<InvalidOperationException>(() => network.call(Uniform(1, 2, 6))).Message;
        Assert.StartsWith("layers.0 is on a tile that was not read in this pass: RunsListByForward.", message, StringComparison.Ordinal);
        Assert.Contains("runs a layer by forward(...)", message, StringComparison.Ordinal);
        Assert.Contains("LayerRule.Digital(\"layers.0\")", message, StringComparison.Ordinal);
    }

    [Fact]
    public void RulesDecideByNameAndType()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("conv", Conv2d(1, 2, 3)), ("norm", BatchNorm2d(2)), ("flat", Flatten()), ("fc1", Linear(8, 6)), ("fc2", Linear(6, 4)), ("out", Linear(4, 3)));
        var report = model.ToAnalog(Ideal, 7, LayerRule.Named("fc?", PcmPresets.MspLsp), LayerRule.Digital<Conv2d>(), LayerRule.Named("out", new HardwareAwareConfig()));
        Assert.Equal(
            ["conv", "norm", "fc1", "fc2", "out"], report.Rows.Select(row => row.Name));
        Assert.Equal("left digital by the rule for Conv2d", report.Rows[0].Note);
        Assert.Equal("digital: scales and shifts, no matrix", report.Rows[1].Note);
        Assert.Equal(["MspLspCell", "MspLspCell"], report.Rows.Skip(2).Take(2).Select(row => row.Note));
        Assert.StartsWith("hardware-aware", report.Rows[4].Note, StringComparison.Ordinal);
    }

    [Fact]
    public void RulesAboutNothingAreRefused()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(8, 6)));
        Assert.Equal(
            "The rule for 'head' is about no layer of Sequential; the layers that can be analog are fc1.",
            Assert.Throws<ArgumentException>(() => model.ToAnalog(Ideal, 0, LayerRule.Digital("head"))).Message);
        Assert.Contains("that no rule leaves digital", Assert.Throws<ArgumentException>(() => model.ToAnalog(Ideal, 0, LayerRule.Digital("*"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HooksOfOthersSeeWhatTheyWouldHaveSeen()
    {
        using var scope = NewDisposeScope();
        var (digital, analog) = (Linear(6, 4), Linear(6, 4));
        analog.load_state_dict(digital.state_dict());
        var seen = new List<(Tensor Input, Tensor Output)>();
        analog.register_forward_pre_hook((_, x) => x * 2f);
        analog.register_forward_hook((_, x, y) =>
        {
            seen.Add((x, y));
            return y + 1f;
        });
        analog.ToAnalog(Ideal);
        var x = Uniform(1, 3, 6);
        Close(digital.call(x * 2f) + 1f, analog.call(x));
        Close(digital.call(x * 2f), seen.Single().Output);
    }

    [Fact]
    public void MatricesLargerThanATileBecomeAGrid()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("conv", Conv2d(64, 128, 3)), ("depthwise", Conv2d(128, 128, 3, groups: 128)), ("flat", Flatten()), ("fc", Linear(1000, 10, hasBias: false)));
        var report = model.ToAnalog(Ideal with { Size = new LimitedSize { Inputs = 256, Outputs = 256 } });
        // 577 lines are three tiles; 25 depthwise kernels of 10 lines fit on a diagonal of 256; 1,000 lines are four tiles.
        Assert.Equal([3, 6, 4], report.Rows.Select(row => row.Tiles));
        Assert.Equal(577.0 * 128 / (3 * 65536), report.Rows[0].Utilization, 12);
        Assert.Equal(1280.0 / (6 * 65536), report.Rows[1].Utilization, 12);
        Assert.Equal(10_000.0 / (4 * 65536), report.Rows[2].Utilization, 12);
        Assert.Contains("128 × (9 → 1)", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AGridOfIdealTilesIsOneTile()
    {
        using var scope = NewDisposeScope();
        var path = new AnalogTorch.Periphery.AnalogPath { Adc = new AnalogTorch.Periphery.UniformConverter { Bits = 24, Bound = 8 } };
        foreach (var sums in new PartialSums[] { new DigitalSums(), new AnalogSums() })
        {
            foreach (var inputs in new[] { 1, 4, 20, 21, 50 })
            {
                var (digital, analog) = (Linear(20, 9), Linear(20, 9));
                analog.load_state_dict(digital.state_dict());
                analog.ToAnalog(Ideal with { Size = new LimitedSize { Inputs = inputs, Outputs = 4, Sums = sums }, Forward = path, Backward = path });
                var (a, b) = (Uniform(1, 5, 20).requires_grad_(true), Uniform(1, 5, 20).requires_grad_(true));
                var (expected, actual) = (digital.call(a), analog.call(b));
                Close(expected, actual);
                expected.square().sum().backward();
                actual.square().sum().backward();
                Close(a.grad!, b.grad!);
            }
        }
    }

    [Fact]
    public void EveryTileOfAGridConvertsItsOwnSum()
    {
        using var scope = NewDisposeScope();
        var coarse = new AnalogTorch.Periphery.AnalogPath { Adc = new AnalogTorch.Periphery.UniformConverter { Bits = 4, Bound = 7 } }; // whole numbers
        var layer = Linear(4, 1, hasBias: false);
        using (no_grad())
            layer.weight!.copy_(tensor(new[] { 0.6f, 0.6f, 0.7f, 0.7f }).view(1, 4));
        var (digital, joined) = (Linear(4, 1, hasBias: false), Linear(4, 1, hasBias: false));
        digital.load_state_dict(layer.state_dict());
        joined.load_state_dict(layer.state_dict());
        layer.ToAnalog(Ideal with { Forward = coarse });
        digital.ToAnalog(Ideal with { Forward = coarse, Size = new LimitedSize { Inputs = 1, Outputs = 1 } });
        joined.ToAnalog(Ideal with { Forward = coarse, Size = new LimitedSize { Inputs = 1, Outputs = 1, Sums = new AnalogSums() } });
        var x = ones(1, 4);
        Assert.Equal([3f, 4f, 3f], new[] { layer, digital, joined }.Select(one => one.call(x).item<float>()));
    }

    [Fact]
    public void LoadingDigitalWeightsReachesTheDevices()
    {
        using var scope = NewDisposeScope();
        var (digital, analog) = (Linear(528, 4), Linear(528, 4));
        analog.ToAnalog(PcmPresets.MspLsp, seed: 2);
        using (no_grad())
            foreach (var (from, to) in digital.parameters().Zip(analog.parameters()))
                to.copy_(from);
        analog.WriteHardware();
        var off = (digital.weight! - analog.weight!).square().mean().sqrt().item<float>();
        Assert.True(off < 0.002f, $"off by {off}"); // a pulse of correction is 0.0005
        var written = analog.weight!.clone();
        analog.AnalogTiles().Single().Tile.Cells.Refresh(); // reads the devices again
        Assert.Equal(0, (written - analog.weight!).abs().max().item<float>());
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.True((expected - actual).abs().max().item<float>() < 1e-5f, $"off by {(expected - actual).abs().max().item<float>()}"); // the project's bound for ideal tiles
    }

    private static Tensor Uniform(int seed, params long[] shape) => Noise.Uniform(Rng.FromSeed(seed), shape).mul_(2f).sub_(1f);

    private sealed class SealedFields : Module<Tensor, Tensor>
    {
        private readonly Linear fc1 = Linear(6, 5);
        private readonly Linear fc2 = Linear(5, 4);

        public SealedFields() : base(nameof(SealedFields)) => RegisterComponents();

        public override Tensor forward(Tensor input) => fc2.call(functional.tanh(fc1.call(input)));
    }

    private sealed class BaseFields : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> body = Sequential(("fc", Linear(6, 5)), ("act", Tanh()));
        private readonly Module<Tensor, Tensor> head = Linear(5, 4);

        public BaseFields() : base(nameof(BaseFields)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(body.call(input));
    }

    private sealed class Lists : Module<Tensor, Tensor>
    {
        private readonly ModuleList<Module<Tensor, Tensor>> layers = ModuleList<Module<Tensor, Tensor>>(Linear(6, 6), Linear(6, 5));
        private readonly ModuleDict<Module<Tensor, Tensor>> heads = ModuleDict<Module<Tensor, Tensor>>(("only", Linear(5, 4)));

        public Lists() : base(nameof(Lists)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            foreach (var layer in layers)
                input = functional.tanh(layer.call(input));
            return heads["only"].call(input);
        }
    }

    private class Base : Module<Tensor, Tensor>
    {
        private readonly Linear fc1 = Linear(6, 5);

        public Base() : base("Base") => RegisterComponents();

        protected Tensor Body(Tensor input) => functional.tanh(fc1.call(input));

        public override Tensor forward(Tensor input) => Body(input);
    }

    private sealed class Derived : Base
    {
        private readonly SealedHead inner = new();

        public Derived() => RegisterComponents();

        public override Tensor forward(Tensor input) => inner.call(Body(input));

        private sealed class SealedHead : Module<Tensor, Tensor>
        {
            private readonly Linear fc = Linear(5, 4);

            public SealedHead() : base(nameof(SealedHead)) => RegisterComponents();

            public override Tensor forward(Tensor input) => fc.call(input);
        }
    }

    private sealed class Shared : Module<Tensor, Tensor>
    {
        private readonly Linear twice = Linear(6, 6);
        private readonly Linear head = Linear(6, 4);

        public Shared() : base(nameof(Shared)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(functional.tanh(twice.call(functional.tanh(twice.call(input)))));
    }

    [NotLedToTiles]
    private sealed class RunsByForward : Module<Tensor, Tensor>
    {
        private readonly Linear fc1 = Linear(6, 5);
        private readonly Module<Tensor, Tensor> act = Tanh();

        public RunsByForward() : base(nameof(RunsByForward)) => RegisterComponents();

        public override Tensor forward(Tensor input) => act.forward(fc1.forward(input));
    }

    [NotLedToTiles]
    private sealed class RunsOneByForward : Module<Tensor, Tensor>
    {
        private readonly Linear fc1 = Linear(6, 5);
        private readonly Linear fc2 = Linear(5, 4);

        public RunsOneByForward() : base(nameof(RunsOneByForward)) => RegisterComponents();

        public override Tensor forward(Tensor input) => fc2.forward(functional.tanh(fc1.call(input)));
    }

    [NotLedToTiles]
    private sealed class RunsInLambda : Module<Tensor, Tensor>
    {
        private readonly Linear fc1 = Linear(6, 5);

        public RunsInLambda() : base(nameof(RunsInLambda)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var scale = 2f;
            Func<Tensor, Tensor> run = x => fc1.forward(x) * scale;
            return run(input);
        }
    }

    [NotLedToTiles]
    private sealed class RunsListByForward : Module<Tensor, Tensor>
    {
        private readonly ModuleList<Module<Tensor, Tensor>> layers = ModuleList<Module<Tensor, Tensor>>(Linear(6, 6), Linear(6, 5));

        public RunsListByForward() : base(nameof(RunsListByForward)) => RegisterComponents();

        public override Tensor forward(Tensor input) => layers.Aggregate(input, (x, layer) => layer.forward(x));
    }
}
