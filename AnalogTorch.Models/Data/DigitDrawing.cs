using System.Numerics;

namespace AnalogTorch.Models.Data;

/// <summary>Draws one digit as a hand would: a style, an unsteady pen, a slant, an elastic sheet, uneven ink.</summary>
internal static class DigitDrawing
{
    public const int Size = 28;
    private const int CurveSteps = 7;
    private const int Waves = 2;

    // Lengths of the hand in hundredths of a digit's height, of the sheet in pixels, angles in radians.
    private const float Unsteadiness = 2.2f;
    private const float Elasticity = 2.2f;
    private const float Slant = 0.22f;
    private const float Rotation = 0.12f;
    private const float Smallest = 16;
    private const float Largest = 20;
    private const float Wander = 2.3f;
    private const float Noise = 0.2f;

    /// <summary>Fills 28×28 pixels with a random digit and returns which one it is.</summary>
    public static byte Draw(ref CounterRandom random, Span<byte> pixels)
    {
        var digit = (byte)random.Index(10);
        var styles = DigitStrokes.Styles[digit];
        var style = styles[random.Index(styles.Length)];

        Span<Vector2> path = stackalloc Vector2[DigitStrokes.MaxPoints * CurveSteps];
        Span<bool> lifted = stackalloc bool[path.Length];
        var count = Trace(ref random, style, path, lifted);
        path = path[..count];
        Warp(ref random, path);
        Place(ref random, path);

        Span<float> image = stackalloc float[Size * Size];
        Span<float> scratch = stackalloc float[Size * Size];
        image.Clear();
        Ink(ref random, path, lifted, image);
        DigitPen.Blur(image, scratch, Size, random.Uniform(0.02f, 0.2f));
        Scan(ref random, image, pixels);
        return digit;
    }

    // The pen path through jittered control points. lifted[i]: the pen is up on its way to point i.
    private static int Trace(ref CounterRandom random, DigitStrokes.Style style, Span<Vector2> path, Span<bool> lifted)
    {
        Span<Vector2> control = stackalloc Vector2[DigitStrokes.MaxPoints];
        for (var i = 0; i < style.Points.Length; i++)
        {
            control[i] = style.Points[i] + Unsteadiness * new Vector2(random.Normal(), random.Normal());
        }
        var count = 0;
        foreach (var (command, first) in style.Pieces)
        {
            lifted[count] = command == 'M';
            if (command != 'C')
            {
                path[count++] = control[first];
                continue;
            }
            var start = path[count - 1];
            for (var step = 1; step <= CurveSteps; step++)
            {
                var t = (float)step / CurveSteps;
                var s = 1 - t;
                lifted[count] = false;
                path[count++] = s * s * s * start + 3 * s * s * t * control[first] + 3 * s * t * t * control[first + 1] + t * t * t * control[first + 2];
            }
        }
        return count;
    }

    // Elastic distortion by a few long waves, then slant, aspect and rotation about the centre.
    private static void Warp(ref CounterRandom random, Span<Vector2> path)
    {
        Span<(Vector2 Frequency, float Phase, Vector2 Shift)> waves = stackalloc (Vector2, float, Vector2)[Waves];
        foreach (ref var wave in waves)
        {
            wave = (
                MathF.Tau / 100 * new Vector2(random.Uniform(-1.2f, 1.2f), random.Uniform(-1.2f, 1.2f)),
                random.Uniform(0, MathF.Tau),
                Elasticity * new Vector2(random.Normal(), random.Normal()));
        }
        var slant = 0.1f + Slant * random.Normal();
        var wide = random.Uniform(0.7f, 1.2f);
        var (sine, cosine) = MathF.SinCos(Rotation * random.Normal());
        foreach (ref var point in path)
        {
            var p = point - new Vector2(35, 50);
            var shift = Vector2.Zero;
            foreach (var (frequency, phase, amplitude) in waves)
            {
                shift += amplitude * MathF.Sin(Vector2.Dot(frequency, p) + phase);
            }
            p += shift;
            p = new(wide * (p.X - slant * p.Y), p.Y);
            point = new(cosine * p.X - sine * p.Y, sine * p.X + cosine * p.Y);
        }
    }

    // Fits the path into a box of random size and puts it near the image's centre.
    private static void Place(ref CounterRandom random, Span<Vector2> path)
    {
        Vector2 low = path[0], high = path[0];
        foreach (var point in path)
        {
            low = Vector2.Min(low, point);
            high = Vector2.Max(high, point);
        }
        var extent = high - low;
        var scale = random.Uniform(Smallest, Largest) / MathF.Max(extent.X, extent.Y);
        var centre = (low + high) / 2;
        var target = new Vector2((Size - 1) / 2f) + Wander * new Vector2(random.Uniform(-1, 1), random.Uniform(-1, 1));
        foreach (ref var point in path)
        {
            point = target + scale * (point - centre);
        }
    }

    private static void Ink(ref CounterRandom random, ReadOnlySpan<Vector2> path, ReadOnlySpan<bool> lifted, Span<float> image)
    {
        var radius = random.Uniform(0.6f, 1.9f);
        var pressure = 0.25f * random.Uniform();
        var phase = random.Uniform(0, MathF.Tau);
        for (var i = 1; i < path.Length; i++)
        {
            if (!lifted[i])
            {
                DigitPen.Line(image, Size, path[i - 1], path[i], Radius(i - 1), Radius(i));
            }
        }

        float Radius(int i) => radius * (1 + pressure * MathF.Sin(0.35f * i + phase));
    }

    // Faded ink, sensor noise, eight bits.
    private static void Scan(ref CounterRandom random, ReadOnlySpan<float> image, Span<byte> pixels)
    {
        var contrast = random.Uniform(0.65f, 1f);
        var noise = random.Uniform(0, Noise);
        for (var i = 0; i < image.Length; i++)
        {
            var value = contrast * MathF.Min(1, 1.15f * image[i]) + noise * (random.Uniform() + random.Uniform() - 1);
            pixels[i] = (byte)(255 * Math.Clamp(value, 0, 1) + 0.5f);
        }
    }
}
