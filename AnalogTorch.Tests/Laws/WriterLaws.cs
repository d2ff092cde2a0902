using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>What holds for every way to write single devices.</summary>
public static class WriterLaws
{
    public static void WritingIsAFunctionOfTheStreamAndLeavesNothingBehind(ConductanceWriter writer)
    {
        using var scope = NewDisposeScope();
        var targets = Noise.Uniform(new Rng(9), [30, 40]).mul_((float)(20 * Units.uS));
        var before = Bench.Floats(targets);
        var (first, pulses) = writer.Write(targets, new Rng(1));
        var alive = scope.DisposablesCount;
        var (second, again) = writer.Write(targets, new Rng(1));
        Assert.Equal(alive + 1, scope.DisposablesCount);
        Assert.Equal(Bench.Floats(first), Bench.Floats(second));
        Assert.Equal(pulses, again);
        Assert.Equal(before, Bench.Floats(targets));
        Assert.True(pulses > 0);
        Assert.All(Bench.Floats(first), value => Assert.True(value >= 0 && float.IsFinite(value), $"{value}"));
    }

    public static void WhatIsAskedForZeroIsLeftAtTheResidue(ConductanceWriter writer)
    {
        using var scope = NewDisposeScope();
        var (conductances, _) = writer.Write(zeros(7, 3), new Rng(1));
        Assert.All(Bench.Floats(conductances), value => Assert.Equal((float)writer.Residue, value));
    }
}
