using AnalogTorch.Models.Data;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Models;

public class GeneratedPatternsTests
{
    [Fact]
    public void ImagesDoNotDependOnThreadsOrNumber()
    {
        var chosen = GeneratedPatterns.Chosen(PatternClasses.Ten);
        var (one, labels) = GeneratedPatterns.Draw(chosen, 40, seed: 5, train: true, threads: 1);
        var (several, _) = GeneratedPatterns.Draw(chosen, 60, seed: 5, train: true, threads: 4);
        Assert.Equal(one, several[..one.Length]);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (byte)(i % 10)), labels);
        Assert.NotEqual(one, GeneratedPatterns.Draw(chosen, 40, seed: 5, train: false, threads: 1).Pixels);
        Assert.NotEqual(one, GeneratedPatterns.Draw(chosen, 40, seed: 6, train: true, threads: 1).Pixels);
    }

    /// <summary>No class of the backbone is met again, and each shape and texture of the targets was seen by it.</summary>
    [Fact]
    public void TargetsAreNewCombinationsOfKnownParts()
    {
        var pretraining = GeneratedPatterns.Chosen(PatternClasses.Pretraining);
        var hundred = GeneratedPatterns.Chosen(PatternClasses.Hundred);
        var ten = GeneratedPatterns.Chosen(PatternClasses.Ten);
        Assert.Equal((20, 100, 10), (pretraining.Distinct().Count(), hundred.Distinct().Count(), ten.Distinct().Count()));
        Assert.Empty(pretraining.Intersect(hundred));
        Assert.Subset(hundred.ToHashSet(), ten.ToHashSet());
        Assert.Equal(Enumerable.Range(0, 12), pretraining.Select(kind => kind / 10).Distinct().Order());
    }

    [Fact]
    public void TheSetSaysWhatItIs()
    {
        using var set = GeneratedPatterns.Create(PatternClasses.Hundred, 200);
        Assert.Equal("generated patterns, 100 classes", set.Name);
        Assert.Equal([200L, 3, 32, 32], set.Images.shape);
        using var deviation = set.Images.std(0, unbiased: false);
        using var least = deviation.min();
        Assert.True(least.item<float>() > 0.1f, "Every pixel must change from image to image.");
        Assert.Throws<ArgumentOutOfRangeException>(() => GeneratedPatterns.Create(PatternClasses.Ten, 0));
    }
}
