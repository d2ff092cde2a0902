using AnalogTorch.Core;
using AnalogTorch.Kernels;
using CsCheck;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Kernels;

public class RandomLanesTests
{
    private static readonly Sampler Normals = (count, rng) =>
    {
        var samples = new float[count];
        Noise.FillNormal(rng, samples);
        return samples;
    };

    private static Sampler Power(int power) => (count, rng) => Array.ConvertAll(Normals(count, rng), x => MathF.Pow(x, power));

    // Moments of a standard normal number: the variance of x^k is (2k − 1)!! − ((k − 1)!!)² for even k, (2k − 1)!! for odd k.
    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(3, 0, 15)]
    [InlineData(4, 3, 96)]
    public void NormalsHaveTheMomentsOfTheNormalDistribution(int power, double expected, double variance) =>
        Stat.Mean(Power(power)).Is(expected, std: Math.Sqrt(variance), detect: 0.01 * Math.Sqrt(variance));

    [Fact]
    public void NormalsHaveTheNormalDistribution() => Stat.Distribution(Normals).Is(NormalDistribution.Cumulative, detect: 0.005);

    [Fact]
    public void NormalsHaveTailsOfTheRightWeight()
    {
        // P(|x| > 4) = 6.33e-5; an indicator with probability p has variance p(1 − p).
        var p = 2 * NormalDistribution.Cumulative(-4);
        Stat.Mean((count, rng) => Array.ConvertAll(Normals(count, rng), x => MathF.Abs(x) > 4 ? 1f : 0)).Is(p, std: Math.Sqrt(p * (1 - p)), detect: 0.5 * p);
    }

    [Fact]
    public void UniformsAreUniform() =>
        Stat.Distribution((count, rng) =>
        {
            var lanes = new RandomLanes<Lane128>(rng.Key);
            var samples = new float[(count + 3) / 4 * 4];
            for (var i = 0; i < samples.Length; i += 4)
                System.Runtime.Intrinsics.Vector128.CopyTo(lanes.NextUniform().Value, samples, i);
            return samples;
        }).Is(x => Math.Clamp(x, 0, 1), detect: 0.005);

    [Theory]
    [InlineData(1)] // neighbours in a register
    [InlineData(7)]
    [InlineData(16)] // the two normals of a pair
    [InlineData(32)] // the next pair of the same lane
    [InlineData(4096)] // the next block
    public void NormalsAtADistanceAreUncorrelated(int distance) =>
        // The product of two independent standard normal numbers has mean 0 and variance 1.
        Stat.Mean((count, rng) =>
        {
            var samples = Normals(count + distance, rng);
            return [.. Enumerable.Range(0, count).Select(i => samples[i] * samples[i + distance])];
        }).Is(0, std: 1, detect: 0.01);

    [Fact]
    public void StreamsOfNeighbouringNumbersAreUncorrelated() =>
        Stat.Mean((count, rng) =>
        {
            var (a, b) = (Normals(count, rng.Split(1)), Normals(count, rng.Split(2)));
            return [.. a.Zip(b, (x, y) => x * y)];
        }).Is(0, std: 1, detect: 0.01);

    [Fact]
    public void FewerNumbersAreThePrefixOfMore() =>
        Gen.Select(Gen.Int[0, 9000], Gen.Int[0, 9000], Gen.ULong).Sample((few, more, key) =>
        {
            var (a, b) = (Normals(few, new Rng(key)), Normals(few + more, new Rng(key)));
            Assert.Equal(a, b[..few]);
        }, iter: 30);

    [Fact]
    public void ShapeDoesNotChangeTheNumbers()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(Bench.Floats(Noise.Normal(new Rng(9), [6, 35])), Bench.Floats(Noise.Normal(new Rng(9), [210])));
    }

    [Fact]
    public void AnEmptyTensorNeedsNoNumbers()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(0, Noise.Normal(new Rng(9), [0, 35]).NumberOfElements);
    }
}
