using AnalogTorch.Core;
using AnalogTorch.Models.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Models;

public class AugmentationTests
{
    private static readonly Rng Stream = Rng.FromSeed(11);

    public static TheoryData<string> All => new("flip", "shift", "brightness", "cifar", "none");

    /// <summary>Type, shape and input are kept, the stream decides, and nothing is left behind.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void IsAFunctionOfImagesAndStream(string name)
    {
        using var images = Images(50);
        using var before = images.clone();
        var augmentation = Of(name);
        var settled = LiveTensors.Settled();
        using (var first = augmentation.Apply(images, Stream))
        using (var again = augmentation.Apply(images, Stream))
        using (var other = augmentation.Apply(images, Stream.Split("other")))
        {
            Assert.Equal(images.shape, first.shape);
            Assert.True(first.Equals(again));
            Assert.Equal(name == "none", first.Equals(other));
        }
        LiveTensors.AssertNoneSince(settled);
        Assert.True(images.Equals(before));
    }

    [Fact]
    public void MirroringTwiceGivesTheImageBack()
    {
        using var scope = NewDisposeScope();
        var images = Images(6);
        var always = new HorizontalFlip { Share = 1 };
        Assert.True(images.flip(3).Equals(always.Apply(images, Stream)));
        Assert.True(images.Equals(new HorizontalFlip { Share = 0 }.Apply(images, Stream)));
    }

    /// <summary>Each image is the old one somewhere in ±2 pixels, with zeros around, and all places come up.</summary>
    [Fact]
    public void AShiftedImageIsTheOldOneElsewhere()
    {
        using var scope = NewDisposeScope();
        var images = Images(500);
        var shifted = new RandomShift { Pixels = 2 }.Apply(images, Stream);
        var padded = nn.functional.pad(images, [2, 2, 2, 2]);
        var seen = new HashSet<(int, int)>();
        for (var i = 0; i < 500; i++)
        {
            using var inner = NewDisposeScope();
            var found = (from y in Enumerable.Range(0, 5)
                         from x in Enumerable.Range(0, 5)
                         where padded[i].narrow(1, y, 8).narrow(2, x, 8).Equals(shifted[i])
                         select (y, x)).ToArray();
            seen.Add(Assert.Single(found));
        }
        Assert.Equal(25, seen.Count); // one missing: 25·(24/25)^500 = 3e-8
        Assert.True(images.Equals(new RandomShift { Pixels = 0 }.Apply(images, Stream)));
    }

    [Fact]
    public void BadNumbersAreRefused()
    {
        Assert.Contains("HorizontalFlip.Share", Assert.Throws<ArgumentOutOfRangeException>(() => new HorizontalFlip { Share = 2 }).Message);
        Assert.Contains("RandomShift.Pixels", Assert.Throws<ArgumentOutOfRangeException>(() => new RandomShift { Pixels = -1 }).Message);
    }

    private static Augmentation Of(string name) => name switch
    {
        "flip" => new HorizontalFlip(),
        "shift" => new RandomShift(),
        "brightness" => new BrightnessAndContrast(),
        "cifar" => Augmentation.Cifar,
        _ => Augmentation.None,
    };

    private static Tensor Images(int count) => rand([count, 3, 8, 8], generator: new Generator(2));
}
