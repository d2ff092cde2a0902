using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Habits;

/// <summary>Networks whose code runs layers otherwise than by <c>call</c>: led to tiles where the build step saw the code, refused by name where it did not.</summary>
public class LedCallsTests
{
    private static readonly Func<Module<Tensor, Tensor>>[] Networks =
    [
        () => new ByForward(), () => new ByBase(), () => new ByLoop(), () => new ByMethodGroup(), () => new ByFunction(), () => new ByDictionary(),
        () => new BySequences(),
    ];

    public static TheoryData<string, string> Ways =>
        Rows(from way in HabitWay.All from network in Networks select (way.Name, network().GetType().Name));

    [Theory]
    [MemberData(nameof(Ways))]
    public void RunsOnItsTiles(string wayName, string networkName)
    {
        using var scope = NewDisposeScope();
        var way = HabitWay.All.Single(way => way.Name == wayName);
        var create = Networks.Single(create => create().GetType().Name == networkName);
        var (digital, analog) = (create(), create());
        analog.load_state_dict(digital.state_dict());
        var x = rand(3, 6);
        using var chip = way.Convert(analog);
        analog.eval();
        Assert.True((digital.call(x) - analog.call(x)).abs().max().item<float>() < 2e-5);
        Assert.All(analog.AllTiles(), entry => Assert.True(entry.Tile.Calls.Evaluations > 0, $"{entry.Name} was not read"));
    }

    [Theory]
    [InlineData("in memory")]
    [InlineData("hardware-aware")]
    [InlineData("programmed")]
    public void WeightsThatCodeWorksWithItselfAreNoticed(string way)
    {
        using var scope = NewDisposeScope();
        var network = new OwnNorm();
        using var chip = HabitWay.All.Single(one => one.Name == way).Convert(network);
        var message = Assert.Throws<InvalidOperationException>(() => network.call(rand(3, 6))).Message;
        Assert.StartsWith("a is on a tile that was not read in this pass: OwnNorm.forward takes a layer's weight", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("in memory")]
    [InlineData("hardware-aware")]
    [InlineData("programmed")]
    public void ProductsWithATilesWeightsAreRefused(string way)
    {
        using var scope = NewDisposeScope();
        var network = new TiedHead();
        network.eval();
        using var chip = HabitWay.All.Single(one => one.Name == way).Convert(network);
        Assert.StartsWith(
            "a: its weights are on a tile, but matmul multiplies by them digitally", Assert.Throws<InvalidOperationException>(() => network.call(rand(3, 6))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HooksOfUsersSeeWhatTorchWouldShowThem()
    {
        using var scope = NewDisposeScope();
        foreach (var way in HabitWay.All)
        {
            var layer = Linear(6, 4);
            var seen = new List<string>();
            layer.register_forward_pre_hook((_, input) => See("pre before", input, input));
            layer.register_forward_hook((_, input, output) => See("post before", input, output));
            using var chip = way.Convert(layer);
            layer.register_forward_pre_hook((_, input) => See("pre after", input, input * 2));
            layer.register_forward_hook((_, input, output) => See("post after", input, output + 1));
            layer.eval();
            var x = rand(3, 6);
            var y = layer.call(x);
            Assert.Equal(["pre before [3, 6]", "pre after [3, 6]", "post before [3, 6]", "post after [3, 6]"], seen);
            Assert.True((y - (functional.linear(x * 2, layer.weight!.detach().clone(), layer.bias) + 1)).abs().max().item<float>() < 1e-5);

            Tensor See(string name, Tensor input, Tensor result)
            {
                seen.Add($"{name} [{string.Join(", ", input.shape)}]");
                return result;
            }
        }
    }

    [Fact]
    public void TiedWeightsAreKnownByTheirMemory()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (Linear(6, 6), Linear(6, 6));
        var network = Sequential(("a", a), ("b", b));
        b.weight = new Parameter(a.weight!.alias());
        Assert.StartsWith(
            "a and b share one weight", Assert.Throws<ArgumentException>(() => network.ToAnalog(new HardwareAwareConfig())).Message, StringComparison.Ordinal);
    }

    private sealed class ByForward : Module<Tensor, Tensor>
    {
        private readonly Linear a = Linear(6, 5), b = Linear(5, 4);

        public ByForward() : base(nameof(ByForward)) => RegisterComponents();

        public override Tensor forward(Tensor input) => b.forward(functional.tanh(a.forward(input)));
    }

    private sealed class ByBase : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> a = Linear(6, 5), b = Sequential(Tanh(), Linear(5, 4));

        public ByBase() : base(nameof(ByBase)) => RegisterComponents();

        public override Tensor forward(Tensor input) => b.forward(a.forward(input));
    }

    private sealed class ByLoop : Module<Tensor, Tensor>
    {
        private readonly ModuleList<Module<Tensor, Tensor>> layers = ModuleList<Module<Tensor, Tensor>>(Linear(6, 6), Tanh(), Linear(6, 5));

        public ByLoop() : base(nameof(ByLoop)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            foreach (var layer in layers)
                input = layer.forward(input);
            return input;
        }
    }

    private sealed class ByMethodGroup : Module<Tensor, Tensor>
    {
        private readonly Linear a = Linear(6, 5);

        public ByMethodGroup() : base(nameof(ByMethodGroup)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            Func<Tensor, Tensor> run = a.forward;
            return run(input);
        }
    }

    private sealed class ByFunction : Module<Tensor, Tensor>
    {
        private readonly Linear a = Linear(6, 5);

        public ByFunction() : base(nameof(ByFunction)) => RegisterComponents();

        public override Tensor forward(Tensor input) => functional.linear(input, a.weight!, a.bias);
    }

    private sealed class ByDictionary : Module<Tensor, Tensor>
    {
        private readonly ModuleDict<Module<Tensor, Tensor>> layers = ModuleDict<Module<Tensor, Tensor>>(("a", Linear(6, 6)), ("b", Linear(6, 5)));

        public ByDictionary() : base(nameof(ByDictionary)) => RegisterComponents();

        public override Tensor forward(Tensor input) => layers["b"].forward(layers["a"].forward(input));
    }

    private sealed class BySequences : Module<Tensor, Tensor>
    {
        private readonly LSTM a = LSTM(6, 5);
        private readonly GRU b = GRU(5, 4);

        public BySequences() : base(nameof(BySequences)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var (y, _, _) = a.forward(input.unsqueeze(1));
            return b.forward(y, zeros(1, 1, 4)).Item1;
        }
    }

    private sealed class OwnNorm : Module<Tensor, Tensor>
    {
        private readonly Linear a = Linear(6, 5);

        public OwnNorm() : base(nameof(OwnNorm)) => RegisterComponents();

        public override Tensor forward(Tensor input) => functional.linear(input, a.weight! / a.weight!.norm(), a.bias);
    }

    private sealed class TiedHead : Module<Tensor, Tensor>
    {
        private readonly Linear a = Linear(6, 5, hasBias: false);

        public TiedHead() : base(nameof(TiedHead)) => RegisterComponents();

        public override Tensor forward(Tensor input) => a.call(input).matmul(a.weight!);
    }

    private static TheoryData<string, string> Rows(IEnumerable<(string, string)> rows)
    {
        var data = new TheoryData<string, string>();
        foreach (var (way, other) in rows)
            data.Add(way, other);
        return data;
    }
}
