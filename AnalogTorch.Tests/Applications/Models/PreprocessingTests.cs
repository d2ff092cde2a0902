using AnalogTorch.Models.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Models;

public class PreprocessingTests
{
    /// <summary>Pixels as they are: no resizing, mean 0, deviation 1/255.</summary>
    private static Preprocessing Plain(int shorterSide, int crop) => new(shorterSide, crop, [0f], [1 / 255f]);

    [Fact]
    public void ChannelsMoveToTheFrontAndAreNormalised()
    {
        using var scope = NewDisposeScope();
        var images = tensor(Enumerable.Range(0, 2 * 2 * 2 * 3).Select(i => (byte)(10 * i)).ToArray(), [2, 2, 2, 3]);
        var ready = new Preprocessing(2, 2, [0.1f, 0.2f, 0.3f], [0.5f, 0.25f, 2f]).Apply(images);
        Assert.Equal([2L, 3, 2, 2], ready.shape);
        Assert.Equal((20 / 255f - 0.3f) / 2f, ready[0, 2, 0, 0].item<float>(), 1e-7f);
        Assert.Equal((220 / 255f - 0.2f) / 0.25f, ready[1, 1, 1, 1].item<float>(), 1e-6f);
    }

    /// <summary>Halving is the mean under a triangle of four pixels, weights 1 3 3 1 over 8, less at the edges: what Pillow computes.</summary>
    [Fact]
    public void ShrinkingAveragesUnderATriangle()
    {
        using var scope = NewDisposeScope();
        var line = tensor(new byte[] { 80, 0, 0, 0, 0, 0, 0, 160 }, [1, 1, 8, 1]).expand(1, 8, 8, 1).contiguous();
        var ready = Plain(4, 4).Apply(line);
        // At the edge the outer pixel of the four is missing: weights 3 3 1 over 7.
        float[] expected = [80 * 3 / 7f, 0, 0, 160 * 3 / 7f];
        Assert.All(Enumerable.Range(0, 4), row => Assert.All(expected.Index(), item => Assert.Equal(item.Item, ready[0, 0, row, item.Index].item<float>(), 1e-4f)));
        var inner = tensor(new byte[] { 0, 0, 80, 0, 0, 0, 0, 0 }, [1, 1, 8, 1]).expand(1, 8, 8, 1).contiguous();
        Assert.Equal(80 * 3 / 8f, Plain(4, 4).Apply(inner)[0, 0, 2, 1].item<float>(), 1e-4f);
        Assert.Equal(80 / 7f, Plain(4, 4).Apply(inner)[0, 0, 2, 0].item<float>(), 1e-4f);
    }

    [Theory]
    [InlineData(9, 13)]
    [InlineData(40, 21)]
    public void UniformImagesStayUniformWhateverTheirSize(int height, int width)
    {
        using var scope = NewDisposeScope();
        var ready = Plain(16, 12).Apply(full([2, height, width, 1], 77, ScalarType.Byte));
        Assert.Equal([2L, 1, 12, 12], ready.shape);
        Assert.True(ready.sub(77).abs().max().item<float>() < 1e-3);
    }

    /// <summary>A ramp stays a ramp away from the edges, so the middle of the crop is the middle of the image.</summary>
    [Fact]
    public void TheCropIsTheMiddleOfTheResizedImage()
    {
        using var scope = NewDisposeScope();
        var ramp = arange(64, ScalarType.Byte).view(1, 1, 64, 1).expand(1, 32, 64, 1).contiguous();
        var ready = Plain(16, 8).Apply(ramp);
        // Resized to 16×32, where pixel j lies at 2j + 0.5; the crop begins at pixel 12.
        Assert.All(Enumerable.Range(0, 8), j => Assert.Equal(2 * (12 + j) + 0.5f, ready[0, 0, 3, j].item<float>(), 1e-3f));
    }

    [Fact]
    public void RecordsWithTheSameNumbersAreEqual()
    {
        Assert.Equal(Plain(8, 4), Plain(8, 4));
        Assert.NotEqual(Plain(8, 4), Plain(8, 5));
        Assert.NotEqual(Preprocessing.ImageNet, Preprocessing.TensorFlow);
        Assert.Equal(Preprocessing.Cifar, Preprocessing.ImageNet with { ShorterSide = 32, Crop = 32 });
    }

    [Fact]
    public void LeavesNothingBehind()
    {
        using var image = zeros(1, 300, 400, 3, dtype: ScalarType.Byte);
        Preprocessing.ImageNet.Apply(image).Dispose();
        var before = LiveTensors.Settled();
        Preprocessing.ImageNet.Apply(image).Dispose();
        LiveTensors.AssertNoneSince(before);
    }

    [Fact]
    public void BadInputGetsOneClearSentence()
    {
        using var scope = NewDisposeScope();
        AssertSays(() => Preprocessing.ImageNet.Apply(zeros(1, 8, 8, 3)), "uint8", "Float32 [1, 8, 8, 3]");
        AssertSays(() => Preprocessing.ImageNet.Apply(zeros(1, 3, 8, 8, dtype: ScalarType.Byte)), "[1, 3, 8, 8]");
        AssertSays(() => Preprocessing.ImageNet.Normalize(zeros(1, 1, 8, 8)), "[1, 1, 8, 8]");
        AssertSays(() => Plain(4, 5).Apply(zeros(1, 8, 8, 1, dtype: ScalarType.Byte)), "5×5", "4");
        AssertSays(() => new Preprocessing(4, 4, [0f, 0f], [1f]), "[0, 0] and [1]");
        AssertSays(() => new Preprocessing(4, 4, [0f], [0f]), "positive");
    }

    private static void AssertSays(Func<object> action, params string[] parts)
    {
        var message = Assert.ThrowsAny<ArgumentException>(action).Message.Split(" (Parameter")[0];
        Assert.All(parts, part => Assert.Contains(part, message));
        Assert.EndsWith(".", message);
    }
}
