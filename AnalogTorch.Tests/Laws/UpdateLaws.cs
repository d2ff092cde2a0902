using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>What holds for every way to change weights, with pulses or without.</summary>
public static class UpdateLaws
{
    private const double Rate = 0.1, Step = 0.001;

    public static void NoWeightMovesWithTheGradient(UpdateScheme scheme)
    {
        using var scope = NewDisposeScope();
        var (x, delta) = (Noise.Normal(new Rng(1), [1, 30]), Noise.Normal(new Rng(2), [1, 20]));
        var agreement = Change(scheme, x, delta) * delta.t().mm(x);
        Assert.True((agreement <= 0).all().item<bool>());
        Assert.True((agreement < 0).any().item<bool>());
    }

    public static void NoErrorMovesNothing(UpdateScheme scheme)
    {
        using var scope = NewDisposeScope();
        Assert.All(Bench.Floats(Change(scheme, Noise.Normal(new Rng(1), [3, 30]), zeros(3, 20))), change => Assert.Equal(0, change));
    }

    public static void ChangesAreAFunctionOfTheStream(UpdateScheme scheme)
    {
        using var scope = NewDisposeScope();
        var (x, delta) = (Noise.Normal(new Rng(1), [4, 30]), Noise.Normal(new Rng(2), [4, 20]));
        Assert.Equal(Bench.Floats(Change(scheme, x, delta)), Bench.Floats(Change(scheme, x, delta)));
    }

    /// <summary>What weights on ideal devices are moved by; inputs and errors stay as they are.</summary>
    private static Tensor Change(UpdateScheme scheme, Tensor x, Tensor delta)
    {
        var (outputs, inputs) = (delta.shape[1], x.shape[1]);
        var before = (Bench.Floats(x), Bench.Floats(delta));
        using var trains = new PulseTrains(inputs, outputs);
        var (weights, bias) = (new IdealCells(outputs, inputs), new IdealCells(1, outputs));
        scheme.Apply(x, delta, Rate, new Rng(3), trains, weights, bias);
        Assert.Equal(before.Item1, Bench.Floats(x));
        Assert.Equal(before.Item2, Bench.Floats(delta));
        return weights.Change;
    }

    /// <summary>Cells on which every pulse is the same step.</summary>
    private sealed class IdealCells(long outputs, long inputs) : IUpdatable
    {
        public Tensor Change { get; } = zeros(outputs, inputs);

        public double WeightStep => Step;

        public void Update(TrainPair trains)
        {
            var device = new ConstantStep
            {
                DwMin = Step * trains.Size,
                Max = 100,
                Min = -100,
                CycleNoise = 0,
                DwMinVariation = 0,
                UpDownVariation = 0,
                MaxVariation = 0,
                MinVariation = 0,
            };
            var target = new PulseTarget { Planes = device.Manufacture(new Rng(4), [outputs, inputs]), Weights = zeros(outputs, inputs) };
            device.Accept(Bench.Engine("scalar").Update(target, trains, default));
            Change.add_(target.Planes.Value);
        }

        public void Add(Tensor change, int samples, double rate) => Change.add_(change);
    }
}
