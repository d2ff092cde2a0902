using SkiaSharp;

namespace AnalogTorch.Tests.Docs;

/// <summary>The committed pictures are those that the code draws; set ANALOGTORCH_UPDATE_DOCS=1 to write them anew.</summary>
public class PictureTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "docs", "images");

    private static bool Update => Environment.GetEnvironmentVariable("ANALOGTORCH_UPDATE_DOCS") == "1";

    [Fact]
    public void TheOverviewIsUpToDate()
    {
        var file = Path.Combine(Folder, "overview.svg");
        if (Update)
            File.WriteAllText(file, OverviewPicture.Write());
        Assert.Equal(OverviewPicture.Write().ReplaceLineEndings("\n"), File.ReadAllText(file).ReplaceLineEndings("\n"));
    }

    /// <summary>Edges may be smoothed otherwise by another build of Skia: pixels are compared with some leave.</summary>
    [Fact]
    public void TheIconIsUpToDate()
    {
        const int Leave = 24;
        var file = Path.Combine(Folder, "icon.png");
        using var drawn = Icon.Draw();
        if (Update)
        {
            using var png = drawn.Encode(SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(file, png.ToArray());
        }
        using var kept = SKBitmap.Decode(file);
        Assert.Equal((Icon.Side, Icon.Side), (kept.Width, kept.Height));
        Assert.All(Enumerable.Range(0, Icon.Side * Icon.Side), i =>
        {
            var (x, y) = (i % Icon.Side, i / Icon.Side);
            var (one, other) = (drawn.GetPixel(x, y), kept.GetPixel(x, y));
            Assert.InRange(Math.Abs(one.Red - other.Red) + Math.Abs(one.Green - other.Green) + Math.Abs(one.Blue - other.Blue), 0, Leave);
        });
    }
}
