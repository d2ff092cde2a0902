using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Inference;

public class MapSearchTests(ITestOutputHelper output)
{
    /// <summary>F = 2 with the less significant pair used first is what Mackin et al. (2022) found best; a search among 26 unknowns comes to the same.</summary>
    [Fact]
    public void ASearchComesToTheMapThatWasPublishedAsBest()
    {
        using var scope = NewDisposeScope();
        var search = new MapSearch { Memory = new Pcm90nm(), Weights = Weights(1), Generations = 60 };
        var map = search.Run();
        map.Check();
        Assert.True(search.Error(map) <= search.Error(new TabulatedPairs()));
        Assert.InRange(map.Gain, 1.5, 2.5);
        Assert.True(map.LessPlus[1] > 0.4 && map.MorePlus[1] < 0.1, "Small weights must be on the less significant pair.");
        // Judged by weights and noise that the search has not seen: other splits are worse.
        var judge = new MapSearch { Memory = search.Memory, Weights = Weights(9), Seed = 77 };
        var found = judge.Error(map);
        output.WriteLine($"F = {map.Gain:F2}: {found:F4}; one pair {judge.Error(new DifferentialPair()):F4}, two equal pairs {judge.Error(new ParallelPairs()):F4}, F = 4 {judge.Error(new TwoPairs { Gain = 4 }):F4}");
        Assert.All(new WeightMap[] { new DifferentialPair(), new ParallelPairs(), new TwoPairs { Gain = 1 }, new TwoPairs { Gain = 4 } }, other => Assert.True(found < 0.97 * judge.Error(other)));
    }

    [Fact]
    public void TheSameSeedFindsTheSameMap()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(Short().Run(), Short().Run());

        static MapSearch Short() => new() { Memory = new Pcm14nm(), Weights = Weights(1), Generations = 3, Population = 8, Seed = 1 };
    }

    [Fact]
    public void TheDefaultTableIsTheMapThatFillsTheLessSignificantPairFirst()
    {
        using var scope = NewDisposeScope();
        var weights = Noise.Uniform(new Rng(1), [5, 40]) * 2 - 1;
        // Between its points the table interpolates, so it is the same map at the points alone.
        var points = (weights * 5).round() / 5;
        foreach (var (table, pairs) in new TabulatedPairs().Targets(points, (0, 1)).Zip(new TwoPairs { Gain = 2 }.Targets(points, (0, 1))))
            Assert.InRange((table - pairs).abs().max().item<float>(), 0, 1e-6);
    }

    [Fact]
    public void BadInputIsRefusedInOneSentence()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("in [-1, 1]", Assert.Throws<ArgumentException>(() => new MapSearch { Memory = new Pcm90nm(), Weights = full(3, 2f) }.Run()).Message);
        Assert.Contains("none before programming", Assert.Throws<ArgumentException>(() => new MapSearch { Memory = new Pcm90nm(), Weights = ones(3), Times = [-1] }.Run()).Message);
        Assert.Contains("must give 0.6 at point 1", Assert.Throws<ArgumentException>(() => (new TabulatedPairs() with { LessPlus = [0, 0.5f, 1, 1, 1, 1] }).Check()).Message);
        Assert.Contains("four tables", Assert.Throws<ArgumentException>(() => (new TabulatedPairs() with { LessPlus = [0, 1] }).Check()).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new TabulatedPairs { MoreMinus = [0, 2] });
    }

    private static Tensor Weights(ulong key) => (Noise.Normal(new Rng(key), [1000]) / 3).clamp(-1f, 1f);
}
