using AnalogTorch.Models.Data;
using TorchSharp;

namespace AnalogTorch.Tests.Models;

public class ImageSetTests
{
    [Fact]
    public void CropTakesTheMiddle()
    {
        using var set = Numbered(2, 28, 28);
        using var crop = set.CenterCrop(24, 22);
        using var flat = crop.Flatten();
        Assert.Equal([2L, 528], flat.shape);
        var values = flat.data<float>().ToArray();
        for (var i = 0; i < 528; i++)
        {
            Assert.Equal(((2 + i / 22) * 28 + 3 + i % 22) % 256 / 255f, values[i]);
        }
    }

    [Fact]
    public void SlicesLiveOnTheirOwn()
    {
        var set = Numbered(5, 2, 2);
        using var first = set.Take(2);
        using var last = set.Slice(3, 2);
        using var crop = first.CenterCrop(2, 2);
        set.Dispose();
        Assert.Equal([0L, 1], first.Labels.data<long>().ToArray());
        Assert.Equal([3L, 4], last.Labels.data<long>().ToArray());
        Assert.Equal(12 / 255f, last.Images[0, 0, 0, 0].item<float>());
        Assert.Equal(first.Images.data<float>().ToArray(), crop.Images.data<float>().ToArray());
    }

    [Fact]
    public void SetsOutliveTheScopeTheyAreMadeIn()
    {
        ImageSet set;
        using (torch.NewDisposeScope())
        {
            using var whole = Numbered(5, 4, 4);
            set = RandomBackground.Apply(whole, 1).Take(3).CenterCrop(2, 2);
        }
        Assert.Equal([3L, 1, 2, 2], set.Images.shape);
        Assert.Equal([0L, 1, 2], set.Labels.data<long>().ToArray());
        set.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    public void TakingOutsideTheSetIsRefused(int count)
    {
        using var set = Numbered(5, 2, 2);
        Assert.Contains("5 images", Assert.Throws<ArgumentOutOfRangeException>(() => set.Take(count)).Message);
    }

    [Fact]
    public void CropLargerThanTheImagesIsRefused()
    {
        using var set = Numbered(1, 2, 3);
        Assert.Contains("2×3", Assert.Throws<ArgumentOutOfRangeException>(() => set.CenterCrop(2, 4)).Message);
    }

    [Fact]
    public void PixelsAndLabelsThatDoNotFitAreRefused()
    {
        Assert.Contains("8 pixels", Assert.Throws<ArgumentException>(() => ImageSet.FromBytes("x", new byte[7], 1, 2, 2, [0, 1], 2)).Message);
        Assert.Contains("label 1 is 2", Assert.Throws<ArgumentException>(() => ImageSet.FromBytes("x", new byte[8], 1, 2, 2, [0, 2], 2)).Message);
    }

    [Fact]
    public void RandomBackgroundIsTheLargerOfDigitAndUniformNoise()
    {
        using var set = GeneratedDigits.Create(200, seed: 6);
        using var noisy = RandomBackground.Apply(set, 7);
        var before = set.Images.data<float>().ToArray();
        var after = noisy.Images.data<float>().ToArray();
        Assert.Equal(set.Labels.data<long>().ToArray(), noisy.Labels.data<long>().ToArray());
        Assert.All(before.Zip(after), pair => Assert.InRange(pair.Second, pair.First, 1f));

        // Where the paper was white, what is left is the noise: its distribution lies within ε of uniform (DKW, α = 1e-6).
        var noise = before.Zip(after).Where(pair => pair.First == 0).Select(pair => (double)pair.Second).Order().ToArray();
        var epsilon = Math.Sqrt(Math.Log(2 / 1e-6) / (2 * noise.Length));
        Assert.All(noise.Index(), item => Assert.InRange(item.Item, (item.Index + 1.0) / noise.Length - epsilon, (double)item.Index / noise.Length + epsilon));
    }

    [Fact]
    public void RandomBackgroundOfAnImageDependsOnSeedAndIndexAlone()
    {
        using var set = GeneratedDigits.Create(30, seed: 6);
        using var few = set.Take(10);
        using var all = RandomBackground.Apply(set, 7);
        using var again = RandomBackground.Apply(few, 7);
        using var other = RandomBackground.Apply(few, 8);
        Assert.Equal(all.Images.data<float>().ToArray()[..(10 * 784)], again.Images.data<float>().ToArray());
        Assert.NotEqual(again.Images.data<float>().ToArray(), other.Images.data<float>().ToArray());
    }

    private static ImageSet Numbered(int count, int height, int width) => ImageSet.FromBytes(
        "numbered", [.. Enumerable.Range(0, count * height * width).Select(i => (byte)i)], 1, height, width,
        [.. Enumerable.Range(0, count).Select(i => (byte)i)], count);
}
