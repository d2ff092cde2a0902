using AnalogTorch.Core;
using AnalogTorch.Kernels;
using Xunit.Sdk;

namespace AnalogTorch.Tests;

public class StatTests
{
    private static Sampler Normal(double mean, double std) => (count, rng) =>
    {
        var samples = new float[count];
        Noise.FillNormal(rng, samples);
        return Array.ConvertAll(samples, value => (float)(mean + std * value));
    };

    [Fact]
    public void SampleCountIsThatOfTheFormula() =>
        // z(1 − 5e-7) = 4.8916, z(1 − 1e-3) = 3.0902: (7.9818·3e-4/1e-5)² = 57,338, from tables to five digits.
        Assert.Equal(57_338, Stat.MeanTest.SamplesFor(3e-4, 1e-5), 57_338 * 5e-5);

    [Fact]
    public void TheRightMeanPasses() => Stat.Mean(Normal(2, 3)).Is(2, std: 3, detect: 0.05);

    [Theory]
    [InlineData(0.05)]
    [InlineData(-0.05)]
    public void AMeanOffByDetectIsCaught(double off) =>
        Assert.Throws<TrueException>(() => Stat.Mean(Normal(2 + off, 3)).Is(2, std: 3, detect: 0.05));

    [Fact]
    public void TheRightVariancePasses() => Stat.Variance(Normal(2, 3)).Is(9, detect: 0.03);

    [Theory]
    [InlineData(0.97)]
    [InlineData(1.03)]
    public void AVarianceOffByDetectIsCaught(double factor) =>
        Assert.Throws<TrueException>(() => Stat.Variance(Normal(2, 3 * Math.Sqrt(factor))).Is(9, detect: 0.03));

    [Fact]
    public void TheRightDistributionPasses()
    {
        Stat.Distribution(Normal(0, 1)).Is(NormalDistribution.Cumulative, detect: 0.02);
        Stat.Distribution(Normal(1, 2)).IsThatOf(Normal(1, 2), detect: 0.03);
    }

    [Fact]
    public void ADistributionOffByDetectIsCaught()
    {
        // A shift by s moves Φ by s·φ(0) = 0.3989·s in its middle.
        const double detect = 0.02, shift = detect / 0.3989;
        Assert.Throws<TrueException>(() => Stat.Distribution(Normal(shift, 1)).Is(NormalDistribution.Cumulative, detect));
        Assert.Throws<TrueException>(() => Stat.Distribution(Normal(shift, 1)).IsThatOf(Normal(0, 1), detect));
    }

    [Fact]
    public void AFailurePrintsSeedAndNumbers()
    {
        var message = Assert.Throws<TrueException>(() => Stat.Mean(Normal(3, 1)).Is(2, std: 1, detect: 0.1)).Message;
        Assert.Contains("The mean must be 2 ±", message);
        Assert.Contains($"seed {Stat.Seed}", message);
    }

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.999, 3.090232306167813)]
    [InlineData(1e-6, -4.753424308822899)]
    [InlineData(0.158655253931457, -1)]
    public void QuantilesAreThoseOfTables(double probability, double quantile) =>
        Assert.Equal(quantile, NormalDistribution.Quantile(probability), 1e-12 * Math.Max(1, Math.Abs(quantile)));

    [Theory]
    [InlineData(-1, 0.158655253931457)]
    [InlineData(-4.5, 3.397673124730060e-6)]
    [InlineData(-8, 6.220960574271785e-16)]
    [InlineData(2, 0.977249868051821)]
    public void ProbabilitiesAreThoseOfTables(double x, double probability) =>
        Assert.Equal(probability, NormalDistribution.Cumulative(x), 1e-13 * probability);
}
