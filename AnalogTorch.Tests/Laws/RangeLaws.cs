using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>What holds for every range of weights.</summary>
public static class RangeLaws
{
    public static void EveryOutputHasARangeAboveZero(WeightRange range)
    {
        using var scope = NewDisposeScope();
        var weights = Noise.Normal(new Rng(1), [5, 30]);
        weights[2] = tensor(0f); // an output without weights
        var before = Bench.Floats(weights);
        var ofOutputs = range.Of(weights);
        Assert.Equal([5], ofOutputs.shape);
        Assert.All(Bench.Floats(ofOutputs), value => Assert.True(value > 0 && float.IsFinite(value), $"{value}"));
        Assert.Equal(before, Bench.Floats(weights));
    }
}
