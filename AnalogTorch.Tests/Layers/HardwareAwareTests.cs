using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Layers;

public class HardwareAwareTests
{
    private static readonly HardwareAwareConfig Noisy = new() { WeightNoise = new AdditiveWeightNoise { Deviation = 0.1 } };

    /// <summary>With everything ideal, the layer is torch's own; so it is with noise of no size, though it reads another matrix, and in eval mode.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void GradientsOfIdealHardwareAreThoseOfTorch(bool hasBias, bool isTrained)
    {
        foreach (var (config, training) in new[] { (new HardwareAwareConfig(), true), (new() { WeightNoise = new AdditiveWeightNoise { Deviation = 0 } }, true), (Noisy, false) })
        {
            foreach (var shape in new long[][] { [9], [1, 9], [7, 9], [2, 3, 9], [0, 9] })
            {
                using var scope = NewDisposeScope();
                var (aware, digital) = Twins(config, 9, 5, hasBias);
                aware.train(training);
                aware.weight!.requires_grad = digital.weight!.requires_grad = isTrained;
                var x = Noise.Normal(new Rng(1), shape);
                var (xa, xd) = (x.clone().requires_grad_(true), x.clone().requires_grad_(true));
                var (ya, yd) = (aware.call(xa), digital.call(xd));
                Assert.Equal(yd.shape, ya.shape);
                var g = Noise.Normal(new Rng(2), yd.shape);
                (ya * g).sum().backward();
                (yd * g).sum().backward();
                // Sums of at most nine terms below 10, in any order.
                if (x.NumberOfElements > 0)
                {
                    Bench.AssertClose(yd, ya, 16, "output");
                    Bench.AssertClose(xd.grad!, xa.grad!, 16, "gradient by the input");
                }
                foreach (var (a, d) in aware.parameters().Zip(digital.parameters()))
                {
                    Assert.Equal(d.grad is null, a.grad is null);
                    if (d.grad is not null)
                        Bench.AssertClose(d.grad, a.grad!, 16, "gradient by a parameter");
                }
            }
        }
    }

    /// <summary>A layer may come twice in one graph, as in a recurrent network: its gradients add up.</summary>
    [Fact]
    public void GradientsOfTwoCallsAddUp()
    {
        using var scope = NewDisposeScope();
        var (aware, digital) = Twins(new() { WeightNoise = new AdditiveWeightNoise { Deviation = 0 } }, 6, 6);
        var x = Noise.Normal(new Rng(1), [4, 6]);
        foreach (var layer in new[] { aware, digital })
            layer.call(functional.tanh(layer.call(x))).square().sum().backward();
        foreach (var (a, d) in aware.parameters().Zip(digital.parameters()))
            Bench.AssertClose(d.grad!, a.grad!, 64, "gradient"); // four samples, two calls, sums of six terms in any order
    }

    /// <summary>Only what somebody asks for is computed: without any gradient, the output is a leaf.</summary>
    [Fact]
    public void AFrozenLayerWithoutInputGradientHasNoGraph()
    {
        using var scope = NewDisposeScope();
        var (aware, _) = Twins(Noisy, 9, 5);
        foreach (var parameter in aware.parameters())
            parameter.requires_grad = false;
        Assert.False(aware.call(ones(2, 9)).requires_grad);
        Assert.True(aware.call(ones(2, 9).requires_grad_(true)).requires_grad);
    }

    [Theory]
    [InlineData("Adam")]
    [InlineData("SGD")]
    [InlineData("AnalogSGD")]
    public void AnyOptimizerTrainsIt(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(8, 16)), ("act", Tanh()), ("fc2", Linear(16, 2)));
        model.ToAnalog(PcmPresets.HardwareAware, seed: 3);
        using var optimizer = name switch
        {
            "Adam" => optim.Adam(model.parameters(), 0.01),
            "SGD" => optim.SGD(model.parameters(), 0.1, momentum: 0.5),
            _ => (optim.Optimizer)new AnalogSGD(model.parameters(), 0.1, momentum: 0.5),
        };
        var x = Noise.Normal(new Rng(1), [64, 8]);
        var target = stack([x.narrow(1, 0, 4).sum([1]).tanh(), x.narrow(1, 4, 4).sum([1]).tanh()], 1);
        var first = Loss();
        for (var step = 0; step < 200; step++)
        {
            using var inner = NewDisposeScope();
            optimizer.zero_grad();
            functional.mse_loss(model.call(x), target).backward();
            Assert.All(model.parameters(), parameter => Assert.True(parameter.grad!.abs().sum().item<float>() is > 0 and < float.PositiveInfinity));
            optimizer.step();
        }
        Assert.True(Loss() < first / 4, $"The loss must fall to a quarter of {first:G3}, but is {Loss():G3}.");

        float Loss()
        {
            using var noGrad = no_grad();
            model.eval();
            var loss = functional.mse_loss(model.call(x), target).item<float>();
            model.train();
            return loss;
        }
    }

    /// <summary>Var y = σ²·‖x‖²·(max|w|)², over outputs and calls.</summary>
    [Fact]
    public void TheOutputsHaveTheStatedVariance()
    {
        using var scope = NewDisposeScope();
        const int inputs = 20, outputs = 500;
        var (aware, digital) = Twins(new() { WeightNoise = new AdditiveWeightNoise() }, inputs, outputs);
        var x = Noise.Normal(new Rng(1), [1, inputs]);
        var exact = Bench.Floats(digital.call(x));
        var largest = digital.weight!.abs().max().item<float>();
        var expected = 0.038 * 0.038 * x.square().sum().item<float>() * largest * largest;
        Stat.Variance((count, _) =>
        {
            var samples = new List<float>();
            while (samples.Count < count)
            {
                using var inner = NewDisposeScope();
                samples.AddRange(Bench.Floats(aware.call(x)).Zip(exact, (noisy, ideal) => noisy - ideal));
            }
            return [.. samples];
        }).Is(expected, detect: 0.03);
    }

    [Fact]
    public void EveryCallOfTrainingDrawsAnewAndEvaluationIsExact()
    {
        using var scope = NewDisposeScope();
        var ((a, digital), (b, _)) = (Twins(Noisy, 9, 5), Twins(Noisy, 9, 5));
        var x = Noise.Normal(new Rng(1), [4, 9]);
        var (first, second) = (Bench.Floats(a.call(x)), Bench.Floats(a.call(x)));
        Assert.NotEqual(first, second);
        Assert.Equal(first, Bench.Floats(b.call(x)));
        b.eval();
        Assert.Equal(Bench.Floats(digital.call(x)), Bench.Floats(b.call(x)));
        Assert.Equal(Bench.Floats(digital.call(x)), Bench.Floats(b.call(x)));
        b.train();
        Assert.Equal(second, Bench.Floats(b.call(x))); // evaluations in between change nothing
        using (no_grad())
            Assert.NotEqual(Bench.Floats(b.call(x)), Bench.Floats(b.call(x)));
    }

    [Fact]
    public void AnotherSeedOrLayerHasOtherNoise()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(4, 4, hasBias: false)), ("fc2", Linear(4, 4, hasBias: false)));
        using (no_grad())
        {
            foreach (var parameter in model.parameters())
                parameter.copy_(ones(4, 4));
        }
        model.ToAnalog(Noisy, seed: 1);
        var (one, other) = ((Linear)model[0], (Linear)model[1]);
        Assert.NotEqual(Bench.Floats(one.call(eye(4))), Bench.Floats(other.call(eye(4))));
        var (again, _) = Twins(Noisy, 9, 5, seed: 1);
        var (reseeded, _) = Twins(Noisy, 9, 5, seed: 2);
        Assert.NotEqual(Bench.Floats(again.call(ones(1, 9))), Bench.Floats(reseeded.call(ones(1, 9))));
    }

    /// <summary>The gradient by the input is W' summed over the outputs, and W' is what the call's own forward had, whatever was called in between.</summary>
    [Fact]
    public void EveryBackwardSeesTheNoiseOfItsForward()
    {
        using var scope = NewDisposeScope();
        var (aware, _) = Twins(Noisy, 9, 9, hasBias: false);
        var (xa, xb) = (eye(9).requires_grad_(true), eye(9).requires_grad_(true));
        var (ya, yb) = (aware.call(xa), aware.call(xb)); // the outputs of unit vectors are the noisy weights, transposed
        var (expectedA, expectedB) = (ya.detach().sum([1]), yb.detach().sum([1]));
        ya.sum().backward();
        using (no_grad())
            aware.call(xa);
        aware.eval();
        aware.call(xa);
        aware.train();
        yb.sum().backward();
        Bench.AssertClose(expectedA, xa.grad![0], 16, "gradient of the first call");
        Bench.AssertClose(expectedB, xb.grad![0], 16, "gradient of the second call");
    }

    [Fact]
    public void NamesOfTheStateStay()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(9, 6)), ("act", Tanh()), ("fc2", Linear(6, 3, hasBias: false)));
        var (names, keys) = (model.named_parameters().Select(entry => entry.name).ToArray(), model.state_dict().Keys.ToArray());
        var before = model.state_dict().ToDictionary(entry => entry.Key, entry => Bench.Floats(entry.Value));
        var report = model.ToAnalog(Noisy);
        Assert.Equal(names, model.named_parameters().Select(entry => entry.name));
        Assert.Equal(keys, model.state_dict().Keys);
        Assert.All(model.state_dict(), entry => Assert.Equal(before[entry.Key], Bench.Floats(entry.Value)));
        Assert.Equal(["fc1", "fc2"], report.Rows.Where(row => row.IsAnalog).Select(row => row.Name));
        Assert.Equal((60 + 18, 0), (report.Weights, report.Devices));
        Assert.Contains("hardware-aware, AdditiveWeightNoise", report.ToString(), StringComparison.Ordinal);
        Assert.Empty(model.AnalogTiles());
        Assert.Equal(["fc1", "fc2"], model.AllTiles().Select(entry => entry.Name));
    }

    [Fact]
    public void TwoHundredStepsLeaveNoTensorsBehind()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(8, 6)), ("act", Tanh()), ("fc2", Linear(6, 2)));
        model.ToAnalog(PcmPresets.HardwareAware);
        using var optimizer = optim.Adam(model.parameters());
        Step();
        var alive = scope.DisposablesCount;
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var step = 0; step < 200; step++)
            Step();
        Assert.Equal(alive, scope.DisposablesCount);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

        void Step()
        {
            using var inner = NewDisposeScope();
            optimizer.zero_grad();
            model.call(ones(4, 8)).square().sum().backward();
            optimizer.step();
        }
    }

    /// <summary>Training holds one matrix beside the parameters and their gradients, evaluation none.</summary>
    [Fact]
    public void OnlyTrainingHoldsNoisyWeights()
    {
        using var scope = NewDisposeScope();
        var (aware, _) = Twins(Noisy, 9, 5);
        var x = ones(2, 9);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Assert.Equal(1, Kept(() => aware.call(x)));
        Assert.Equal(1, Kept(() => aware.call(x).sum().backward()));
        aware.eval();
        Assert.Equal(0, Kept(() => aware.call(x)));

        long Kept(Action action)
        {
            using (NewDisposeScope())
                action();
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount - before;
        }
    }

    /// <summary>The weights may not change between forward and backward, as in torch; the next call says so by name.</summary>
    [Fact]
    public void AFailedBackwardIsReportedByTheNextForward()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("fc1", Linear(4, 3)));
        model.ToAnalog(Noisy);
        var x = ones(2, 4).requires_grad_(true);
        var y = model.call(x);
        using (no_grad())
            ((Linear)model[0]).weight!.mul_(2f);
        y.sum().backward();
        Assert.Equal(0, x.grad!.abs().max().item<float>()); // none would end the process where somebody asks for it
        Assert.StartsWith("fc1: the backward pass failed: ", Assert.Throws<InvalidOperationException>(() => model.call(x)).Message, StringComparison.Ordinal);
        model.call(x).sum().backward();
        Assert.Equal(x.shape, x.grad!.shape);
        Assert.True(x.grad.abs().sum().item<float>() is > 0 and < float.PositiveInfinity);
    }

    [Fact]
    public void WhatCannotBeConvertedOrReadIsRefused()
    {
        using var scope = NewDisposeScope();
        using var twice = Sequential(("fc1", Linear(9, 6)));
        twice.ToAnalog(Noisy);
        const string already = "fc1 is already hardware-aware; convert a model once, or make it digital first with model.ToDigital().";
        Assert.Equal(already, Assert.Throws<InvalidOperationException>(() => twice.ToAnalog(Noisy)).Message);
        Assert.Equal(already, Assert.Throws<InvalidOperationException>(() => twice.ToAnalog(PcmPresets.MspLsp)).Message);
        Assert.Equal("fc1: the input must be [..., 9], but is [4, 8]; its last dimension is the number of inputs.", Assert.Throws<ArgumentException>(() => twice.call(zeros(4, 8))).Message);
        Assert.StartsWith("fc1: the input must be finite", Assert.Throws<ArgumentException>(() => twice.call(full([4, 9], float.NaN))).Message, StringComparison.Ordinal);
        using var analog = Sequential(("fc1", Linear(9, 6)));
        analog.ToAnalog(PcmPresets.MspLsp);
        Assert.Equal("fc1 is already analog; convert a model once, or make it digital first with model.ToDigital().", Assert.Throws<InvalidOperationException>(() => analog.ToAnalog(Noisy)).Message);
        using var none = Sequential(("act", Tanh()));
        Assert.Equal("Sequential has no layer that can become analog; ToAnalog converts Linear, Bilinear, convolution (transposed ones too), recurrent and attention layers that no rule leaves digital.", Assert.Throws<ArgumentException>(() => none.ToAnalog(Noisy)).Message);
        using var doubles = Sequential(("fc1", Linear(9, 6, dtype: ScalarType.Float64)));
        Assert.StartsWith("fc1: the weights of an analog tile must be a float32 matrix, but are Float64 [6, 9]", Assert.Throws<ArgumentException>(() => doubles.ToAnalog(Noisy)).Message, StringComparison.Ordinal);
        using var tied = Sequential(("fc1", Linear(3, 3)), ("fc2", Linear(3, 3)));
        ((Linear)tied[1]).weight = ((Linear)tied[0]).weight;
        Assert.Contains("fc1 and fc2 share one weight", Assert.Throws<ArgumentException>(() => tied.ToAnalog(Noisy)).Message, StringComparison.Ordinal);
        using var broken = Sequential(("fc1", Linear(3, 3)));
        using (no_grad())
            ((Linear)broken[0]).weight!.fill_(float.NaN);
        Assert.StartsWith("fc1: the weights to be read as an analog tile must be finite", Assert.Throws<ArgumentException>(() => broken.ToAnalog(Noisy)).Message, StringComparison.Ordinal);
    }

    /// <summary>Of the weights that a call finds, only noise is added, in any order of blocks and in registers that reach over the end.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(4096)]
    [InlineData(8230)]
    public void NoiseIsAddedInOnePass(int count)
    {
        using var scope = NewDisposeScope();
        var (values, sums) = (Noise.Normal(new Rng(1), [count]), full(count + 1, 7f));
        Noise.AddNormal(new Rng(2), values, 0.5f, sums.narrow(0, 0, count));
        // One product and one sum, rounded once or twice.
        Bench.AssertClose(values + Noise.Normal(new Rng(2), [count]) * 0.5f, sums.narrow(0, 0, count).clone(), 2, "sum");
        Assert.Equal(7f, sums[count].item<float>());
    }

    /// <summary>A converted layer and a digital one with the same parameters.</summary>
    private static (Linear Aware, Linear Digital) Twins(HardwareAwareConfig config, long inputs, long outputs, bool hasBias = true, long seed = 1)
    {
        var (aware, digital) = (Linear(inputs, outputs, hasBias), Linear(inputs, outputs, hasBias));
        using (no_grad())
        {
            foreach (var (index, (a, d)) in aware.parameters().Zip(digital.parameters()).Index())
            {
                d.copy_(Noise.Normal(new Rng(5).Split(index), d.shape));
                a.copy_(d);
            }
        }
        aware.ToAnalog(config, seed);
        return (aware, digital);
    }
}
