using AnalogTorch.Models.Data;

namespace AnalogTorch.Tests.Models;

public class GeneratedDigitsTests
{
    private const int Pixels = GeneratedDigits.Size * GeneratedDigits.Size;

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void AreTheSameOnAnyNumberOfThreads(int threads)
    {
        var one = GeneratedDigits.Draw(200, 1, train: true, threads: 1);
        var many = GeneratedDigits.Draw(200, 1, train: true, threads);
        Assert.Equal(one.Labels, many.Labels);
        Assert.Equal(one.Pixels, many.Pixels);
    }

    [Fact]
    public void FirstImagesDoNotDependOnHowManyAreDrawn()
    {
        var few = GeneratedDigits.Draw(50, 1, train: true, threads: 2);
        var many = GeneratedDigits.Draw(500, 1, train: true, threads: 2);
        Assert.Equal(few.Labels, many.Labels[..50]);
        Assert.Equal(few.Pixels, many.Pixels[..(50 * Pixels)]);
    }

    [Fact]
    public void NoImageOccursTwiceInTrainingAndTestSetsOfTwoSeeds()
    {
        var images = new HashSet<string>();
        foreach (var (seed, train) in new[] { (1, true), (1, false), (2, true), (2, false) })
        {
            var (pixels, _) = GeneratedDigits.Draw(500, seed, train, threads: 2);
            for (var i = 0; i < 500; i++)
            {
                Assert.True(images.Add(Convert.ToBase64String(pixels, i * Pixels, Pixels)));
            }
        }
    }

    [Fact]
    public void DigitsAreEquallyFrequent()
    {
        const int count = 20_000;
        var (_, labels) = GeneratedDigits.Draw(count, 3, train: true, threads: 2);
        // Binomial with p = 0.1: standard deviation 42.4; false alarm of ten two-sided tests at 5.33 σ is 1e-6.
        var sigma = Math.Sqrt(count * 0.1 * 0.9);
        Assert.All(Enumerable.Range(0, 10), digit =>
            Assert.InRange(labels.Count(label => label == digit), count / 10 - 5.33 * sigma, count / 10 + 5.33 * sigma));
    }

    [Fact]
    public void EveryImageHasInkInItsMiddleAndPaperAtItsCorners()
    {
        var (pixels, _) = GeneratedDigits.Draw(2000, 4, train: false, threads: 2);
        for (var i = 0; i < 2000; i++)
        {
            var image = pixels.AsSpan(i * Pixels, Pixels);
            var ink = 0;
            foreach (var pixel in image)
            {
                // Noise is at most 0.2 of full scale, so this is ink.
                ink += pixel >= 64 ? 1 : 0;
            }
            Assert.InRange(ink, 8, Pixels / 2);
            Assert.True(image[0] <= 51 && image[^1] <= 51);
        }
    }

    [Fact]
    public void SetHasTheFormOfMnist()
    {
        using var set = GeneratedDigits.Create(20, seed: 5, train: false);
        Assert.Equal([20L, 1, 28, 28], set.Images.shape);
        Assert.Equal(20, set.Count);
        Assert.Equal(784, set.Features);
        Assert.Equal(10, set.Classes);
        Assert.All(set.Images.data<float>().ToArray(), value => Assert.InRange(value, 0f, 1f));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(1_000_001)]
    public void CountOutOfRangeIsRefused(int count) =>
        Assert.Contains($"but is {count}", Assert.Throws<ArgumentOutOfRangeException>(() => GeneratedDigits.Create(count)).Message);
}
