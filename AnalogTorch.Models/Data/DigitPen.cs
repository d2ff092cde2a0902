using System.Numerics;

namespace AnalogTorch.Models.Data;

/// <summary>An anti-aliased round pen on a small grey image: ink is the largest coverage of any stroke at the pixel.</summary>
internal static class DigitPen
{
    /// <summary>Draws a line whose pen radius [pixel] changes from one end to the other.</summary>
    public static void Line(Span<float> image, int size, Vector2 from, Vector2 to, float fromRadius, float toRadius)
    {
        var reach = MathF.Max(fromRadius, toRadius) + 0.5f;
        var along = to - from;
        var inverse = 1 / MathF.Max(along.LengthSquared(), 1e-9f);
        var left = Math.Clamp((int)MathF.Floor(MathF.Min(from.X, to.X) - reach), 0, size);
        var right = Math.Clamp((int)MathF.Ceiling(MathF.Max(from.X, to.X) + reach), -1, size - 1);
        var top = Math.Clamp((int)MathF.Floor(MathF.Min(from.Y, to.Y) - reach), 0, size);
        var bottom = Math.Clamp((int)MathF.Ceiling(MathF.Max(from.Y, to.Y) + reach), -1, size - 1);
        for (var y = top; y <= bottom; y++)
        {
            for (var x = left; x <= right; x++)
            {
                // Pixel centres lie on integers.
                var offset = new Vector2(x, y) - from;
                var share = Math.Clamp(Vector2.Dot(offset, along) * inverse, 0, 1);
                var distance = (offset - share * along).Length();
                var ink = Math.Clamp(fromRadius + share * (toRadius - fromRadius) + 0.5f - distance, 0, 1);
                ref var pixel = ref image[y * size + x];
                pixel = MathF.Max(pixel, ink);
            }
        }
    }

    /// <summary>Blurs by the separable kernel (a, 1 − 2a, a).</summary>
    public static void Blur(Span<float> image, Span<float> scratch, int size, float a)
    {
        BlurLines(image, scratch, size, a);
        BlurLines(scratch, image, size, a);
    }

    // Blurs along x and transposes, so that two calls blur both ways and restore the orientation.
    private static void BlurLines(ReadOnlySpan<float> from, Span<float> to, int size, float a)
    {
        for (var y = 0; y < size; y++)
        {
            var line = from.Slice(y * size, size);
            for (var x = 0; x < size; x++)
            {
                var before = x > 0 ? line[x - 1] : 0;
                var after = x < size - 1 ? line[x + 1] : 0;
                to[x * size + y] = (1 - 2 * a) * line[x] + a * (before + after);
            }
        }
    }
}
