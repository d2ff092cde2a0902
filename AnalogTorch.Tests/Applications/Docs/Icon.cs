using SkiaSharp;

namespace AnalogTorch.Tests.Docs;

/// <summary>The icon of the packages: three lines across three lines, with devices of different conductance.</summary>
internal static class Icon
{
    public const int Side = 128;
    private const float Width = 7;
    private static readonly float[] Lines = [28, 64, 100];
    private static readonly float[] Radii = [13, 8, 15, 9, 16, 11, 14, 10, 7];

    public static SKBitmap Draw()
    {
        var bitmap = new SKBitmap(Side, Side, SKColorType.Rgba8888, SKAlphaType.Premul);
        using var canvas = new SKCanvas(bitmap);
        using var page = Fill("#F3F5F8");
        canvas.DrawRoundRect(0, 0, Side, Side, 20, 20, page);
        using var inputs = Stroke("#0072B2");
        using var outputs = Stroke("#D55E00");
        foreach (var place in Lines)
        {
            canvas.DrawLine(6, place, Side - 6, place, inputs);
            canvas.DrawLine(place, 6, place, Side - 6, outputs);
        }
        using var device = Fill("#009E73");
        for (var i = 0; i < Radii.Length; i++)
            canvas.DrawCircle(Lines[i % 3], Lines[i / 3], Radii[i], device);
        return bitmap;
    }

    private static SKPaint Fill(string color) => new() { Color = SKColor.Parse(color), IsAntialias = true };

    private static SKPaint Stroke(string color) => new() { Color = SKColor.Parse(color), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = Width };
}
