using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

/// <summary>Modules that keep a matrix themselves go on tiles by a rule that says so, once they were seen to be linear layers.</summary>
public class OwnLinearTests
{
    private const double Close = 2e-5;

    [Fact]
    public void TrainsInMemoryAndHardwareAware()
    {
        foreach (var hardware in new LayerHardware[] { new TileConfig(), new HardwareAwareConfig() })
        {
            using var scope = NewDisposeScope();
            using var model = Sequential(("own", new Own(5, 4)), ("act", Tanh()), ("fc", Linear(4, 2)));
            var report = model.ToAnalog(hardware, seed: 1, LayerRule.AsLinear<Own>(hardware, module => module.matrix, module => module.offset));
            Assert.Equal([("own", "5 → 4"), ("fc", "4 → 2")], report.Rows.Where(row => row.IsAnalog).Select(row => (row.Name, row.Shape)));
            using optim.Optimizer optimizer = hardware is TileConfig ? new AnalogSGD(model.parameters(), 0.1) : optim.SGD(model.parameters(), 0.1);
            var before = ((Own)model[0]).matrix.clone();
            model.call(Input(3, 5)).square().sum().backward();
            optimizer.step();
            Assert.True((((Own)model[0]).matrix - before).abs().max().item<float>() > 1e-4);
            Assert.True(model.AllTiles().Single(entry => entry.Name == "own").Tile.Calls.Reads > 0);
            Assert.Contains(model.TakeCensus(Input(3, 5)).Layers, layer => layer is { Name: "own", IsArray: true });
        }
    }

    [Fact]
    public void AMatrixInABufferIsProgrammed()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("own", new Buffered(5, 4)), ("fc", Linear(4, 2)));
        var x = Input(3, 5);
        var expected = model.call(x).detach();
        model.eval();
        var config = new InferenceConfig { Memory = new IdealMemory() };
        using (var chip = model.Program(config, seed: 1, LayerRule.AsLinear<Buffered>(config, "m", "none")))
        {
            using var noGrad = no_grad();
            Assert.Equal(2, model.AllTiles().Count());
            Assert.True((model.call(x) - expected).abs().max().item<float>() < Close);
            model.call(x);
            ((Buffered)model[0]).m.mul_(2f);
            Assert.Contains("were changed after they were programmed", Assert.Throws<InvalidOperationException>(() => model.call(x)).Message, StringComparison.Ordinal);
        }
        Assert.Equal(
            "own cannot be put on a tile as a linear layer: its matrix is in a buffer, which has no gradient to train it in memory by; make it a parameter, or program it.",
            Assert.Throws<ArgumentException>(() => model.ToAnalog(new TileConfig(), seed: 1, LayerRule.AsLinear<Buffered>(new TileConfig(), "m"))).Message);
    }

    [Fact]
    public void WhatIsNotLinearIsRefusedAndNothingChanges()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("own", new Own(5, 4) { IsOdd = true }), ("fc", Linear(4, 2)));
        var rule = LayerRule.AsLinear<Own>(new TileConfig(), "matrix", "offset");
        Assert.StartsWith(
            "own cannot be put on a tile as a linear layer: it does not compute x·Wᵀ + b", Assert.Throws<ArgumentException>(() => model.ToAnalog(new TileConfig(), seed: 1, rule)).Message,
            StringComparison.Ordinal);
        Assert.Empty(model.AllTiles());
        Assert.StartsWith(
            "own cannot be put on a tile as a linear layer: its weight must be a parameter or buffer",
            Assert.Throws<ArgumentException>(() => model.ToAnalog(new TileConfig(), seed: 1, LayerRule.AsLinear<Own>(new TileConfig()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CallsOfForwardAreLedToTheTile()
    {
        using var scope = NewDisposeScope();
        using var caller = new ByForward();
        var expected = caller.call(Input(3, 5)).detach();
        caller.ToAnalog(new HardwareAwareConfig(), seed: 1, LayerRule.AsLinear<Own>(new HardwareAwareConfig(), "matrix", "offset"));
        Assert.True((caller.call(Input(3, 5)) - expected).abs().max().item<float>() < Close);
        Assert.Equal(1, caller.AllTiles().Single().Tile.Calls.Reads);
    }

    private static Tensor Input(params long[] shape) => Noise.Uniform(Rng.FromSeed(1), shape).mul_(2f).sub_(1f);

    private sealed class Own : Module<Tensor, Tensor>
    {
        public readonly Parameter matrix, offset;

        public Own(long inputs, long outputs) : base(nameof(Own))
        {
            (matrix, offset) = (Parameter(Input(outputs, inputs) * 0.3f), Parameter(Input(outputs)));
            RegisterComponents();
        }

        public bool IsOdd { get; init; }

        public override Tensor forward(Tensor input)
        {
            var y = input.matmul(matrix.t()) + offset;
            return IsOdd ? y.relu() : y;
        }
    }

    private sealed class Buffered : Module<Tensor, Tensor>
    {
        public readonly Tensor m;

        public Buffered(long inputs, long outputs) : base(nameof(Buffered))
        {
            m = Input(outputs, inputs);
            register_buffer(nameof(m), m);
        }

        public override Tensor forward(Tensor input) => input.matmul(m.t());
    }

    private sealed class ByForward : Module<Tensor, Tensor>
    {
        private readonly Own inner = new(5, 4);

        public ByForward() : base(nameof(ByForward)) => RegisterComponents();

        public override Tensor forward(Tensor input) => inner.forward(input);
    }
}
