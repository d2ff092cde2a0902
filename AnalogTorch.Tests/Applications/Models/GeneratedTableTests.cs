using AnalogTorch.Core;
using AnalogTorch.Models.Data;

namespace AnalogTorch.Tests.Models;

public class GeneratedTableTests
{
    /// <summary>Means at the peaks of the three triangles: half of 6 for classes that mix it in, nothing for the one that does not.</summary>
    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 14)]
    [InlineData(2, 6)]
    public void WavesAreMixturesOfTwoTriangles(int kind, int without)
    {
        foreach (var point in new[] { 6, 10, 14 })
        {
            // The other triangle of the mixture reaches 2 high where its neighbour peaks, 1 on average.
            var other = new[] { 6, 10, 14 }.Where(peak => peak != without && peak != point).Sum(peak => Math.Max(0, 6 - Math.Abs(point - peak)) / 2.0);
            Stat.Mean((count, rng) => [.. GeneratedTable.Waveform(3 * count, Seed(rng)).Where(row => row.Class == kind).Select(row => row.Features[point])])
                .Is((point == without ? 0 : 3) + other, std: 2.1, detect: 0.1);
        }
    }

    [Fact]
    public void TheShellHasHalfOfTheRows() =>
        Stat.Mean((count, rng) => [.. GeneratedTable.Shell(count, Seed(rng)).Select(row => row.Label ? 1f : 0)]).Is(0.5, std: 0.5, detect: 0.01);

    /// <summary>What Friedman's function leaves is noise of mean 0 and deviation 1.</summary>
    [Fact]
    public void FriedmansFunctionIsThere()
    {
        static IEnumerable<float> Left(int count, Rng rng) => GeneratedTable.Friedman(count, Seed(rng)).Select(row =>
            row.Value - 10 * MathF.Sin(MathF.PI * row.Features[0] * row.Features[1]) - 20 * MathF.Pow(row.Features[2] - 0.5f, 2) - 10 * row.Features[3] - 5 * row.Features[4]);
        Stat.Mean((count, rng) => [.. Left(count, rng)]).Is(0, std: 1, detect: 0.02);
        Stat.Mean((count, rng) => [.. Left(count, rng).Select(value => value * value)]).Is(1, std: Math.Sqrt(2), detect: 0.03);
    }

    [Fact]
    public void RowsAreFunctionsOfSeedAndNumber()
    {
        Assert.Equal(GeneratedTable.Waveform(10)[7].Features, GeneratedTable.Waveform(100)[7].Features);
        Assert.NotEqual(GeneratedTable.Waveform(10, seed: 1)[7].Features, GeneratedTable.Waveform(10, seed: 2)[7].Features);
        Assert.Contains("1 row or more", Assert.Throws<ArgumentOutOfRangeException>(() => GeneratedTable.Friedman(0)).Message, StringComparison.Ordinal);
    }

    private static long Seed(Rng rng) => (long)(rng.Key >>> 1);
}
