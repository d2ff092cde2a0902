using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

/// <summary>What holds for every map of weights onto devices.</summary>
public class WeightMapLaws : LawsOf<WeightMap>
{
    [Fact]
    public void ErrorsOfParallelPairsAverageOut()
    {
        // The error of a device is N(0, σ); a weight of N pairs has σ·√2/√N over the swing.
        foreach (var pairs in new[] { 1, 4 })
        {
            var map = new ParallelPairs { Pairs = pairs };
            Stat.Variance(Errors(map, 0.5f)).Is(2 * 0.01 / pairs, detect: 0.04);
        }
    }

    [Fact]
    public void TheFirstDigitDominatesTheErrorOfBitSlices()
    {
        // Σ 2·c_k²·σ² with c = 48/64, 12/64, 4/64 for base 4 and three digits.
        var variance = 2 * 0.01 * (48.0 * 48 + 12 * 12 + 4 * 4) / (64 * 64);
        Stat.Variance(Errors(new BitSlices { Base = 4, Slices = 3 }, 0.5f)).Is(variance, detect: 0.04);
        Assert.True(2 * 0.01 * 48 * 48 / (64.0 * 64) > 0.9 * variance);
    }

    [Fact]
    public void LargeWeightsFillTheLessSignificantPairFirst()
    {
        using var scope = NewDisposeScope();
        var targets = new TwoPairs { Gain = 3 }.Targets(tensor(new[,] { { 0.25f, 0.1f, 1f, -0.5f } }), (0, 1));
        Assert.Equal([0, 0, 1, 0], Bench.Floats(targets[0]));
        Assert.Equal(1f / 3, Bench.Floats(targets[1])[3], 1e-6f);
        Assert.Equal([1, 0.4f, 1, 0], Bench.Floats(targets[2]).Select(value => MathF.Round(value, 6)));
        Assert.Equal([0, 0, 0, 1], Bench.Floats(targets[3]));
    }

    [Fact]
    public void TooFineSlicesAreRefused() =>
        Assert.Contains("use fewer slices", Assert.Throws<ArgumentException>(() => new BitSlices { Base = 256, Slices = 16 }.Check()).Message);

    /// <summary>Errors of a weight whose devices are off by N(0, 0.1) of the swing.</summary>
    private static Sampler Errors(WeightMap map, float weight) => (count, rng) =>
    {
        using var scope = NewDisposeScope();
        var targets = map.Targets(full([1, count], weight), (0, 1));
        var off = targets.Select((target, place) => target + Noise.Normal(rng.Split(place), target.shape) * 0.1f).ToArray();
        return Bench.Floats(map.Weights(off, map.Span((0, 1))) - weight);
    };
}
