using System.Numerics;

namespace AnalogTorch.Models.Data;

/// <summary>Draws one shape with one texture on a background.</summary>
internal static class PatternDrawing
{
    /// <summary>Side of an image, in pixels.</summary>
    public const int Size = 32;

    /// <summary>Number of shapes.</summary>
    public const int Shapes = 12;

    /// <summary>Number of textures.</summary>
    public const int Textures = 10;

    private const int Samples = 2; // per pixel and direction
    private const float LeastContrast = 0.45f;

    /// <summary>Draws an image, red, green and blue one after the other.</summary>
    public static void Draw(ref CounterRandom random, int shape, int texture, Span<byte> pixels)
    {
        var (sine, cosine) = MathF.SinCos(random.Uniform(0, MathF.Tau));
        var radius = random.Uniform(10, 14.5f);
        var center = new Vector2(random.Uniform(13, 19), random.Uniform(13, 19));
        var look = new Look(random.Uniform(0, MathF.Tau), random.Uniform(0.85f, 1.15f), random.Uniform(0, 1), (uint)random.NextBits());
        var (ground, first) = (Color(ref random), Color(ref random));
        var second = Color(ref random);
        while (Vector3.Distance(first, second) < LeastContrast)
            second = Color(ref random);
        while (Vector3.Distance(ground, first) + Vector3.Distance(ground, second) < 2 * LeastContrast)
            ground = Color(ref random);
        var slope = new Vector2(random.Uniform(-0.01f, 0.01f), random.Uniform(-0.01f, 0.01f));
        var noise = random.Uniform(0.01f, 0.05f);
        for (var y = 0; y < Size; y++)
        {
            for (var x = 0; x < Size; x++)
            {
                var sum = Vector3.Zero;
                for (var sample = 0; sample < Samples * Samples; sample++)
                {
                    var place = new Vector2(x + (0.5f + sample % Samples) / Samples, y + (0.5f + sample / Samples) / Samples) - center;
                    var p = new Vector2(cosine * place.X + sine * place.Y, cosine * place.Y - sine * place.X) / radius;
                    sum += Inside(shape, p) ? Vector3.Lerp(first, second, Fill(texture, p * radius, look)) : ground + new Vector3(Vector2.Dot(slope, place));
                }
                var color = sum / (Samples * Samples);
                for (var channel = 0; channel < 3; channel++)
                    pixels[channel * Size * Size + y * Size + x] = (byte)Math.Clamp(255 * (color[channel] + noise * random.Normal()) + 0.5f, 0, 255);
            }
        }
    }

    private readonly record struct Look(float Angle, float Scale, float Phase, uint Grain);

    private static Vector3 Color(ref CounterRandom random) => new(random.Uniform(0.05f, 0.95f), random.Uniform(0.05f, 0.95f), random.Uniform(0.05f, 0.95f));

    /// <summary>Whether a point is in the shape, which fits a circle of radius 1.</summary>
    private static bool Inside(int shape, Vector2 p)
    {
        var (x, y, r) = (p.X, p.Y, p.Length());
        return shape switch
        {
            0 => r < 0.8f, // disc
            1 => x * x + 5 * y * y < 0.95f, // ellipse
            2 => r < 0.95f && y > -0.15f, // half a disc
            3 => r < 0.95f && (p - new Vector2(0.45f, 0)).Length() > 0.7f, // crescent
            4 => r is > 0.5f and < 0.95f, // ring
            5 => y > -0.5f && y < 1 - 1.732f * MathF.Abs(x), // triangle
            6 => MathF.Abs(x) < 0.7f && MathF.Abs(y) < 0.7f, // square
            7 => MathF.Abs(x) < 0.75f && MathF.Abs(y) < 0.75f && (x < -0.2f || y < -0.2f), // L
            8 => MathF.Abs(x) < 0.8f && MathF.Abs(y) < 0.8f && (y < -0.3f || MathF.Abs(x) < 0.28f), // T
            9 => MathF.Max(MathF.Abs(x), MathF.Abs(y)) < 0.9f && MathF.Min(MathF.Abs(x), MathF.Abs(y)) < 0.3f, // plus
            10 => r < 0.66f + 0.34f * MathF.Cos(5 * MathF.Atan2(y, x)), // star
            _ => MathF.Max(MathF.Abs(x), MathF.Abs(y)) is > 0.42f and < 0.78f, // frame
        };
    }

    /// <summary>How much of the second colour there is at a point, in [0, 1]; lengths in pixels.</summary>
    private static float Fill(int texture, Vector2 p, Look look)
    {
        p /= look.Scale;
        var (sine, cosine) = MathF.SinCos(look.Angle);
        var (u, v) = (cosine * p.X + sine * p.Y, cosine * p.Y - sine * p.X);
        return texture switch
        {
            0 => 0, // plain
            1 => Step(Wave(u, 5, look.Phase)), // stripes
            2 => Step(Wave(u, 7, look.Phase) * Wave(v, 7, look.Phase)), // checks
            3 => Step(Wave(u, 5, look.Phase) + Wave(v, 5, look.Phase) - 0.9f), // dots
            4 => Step(Wave(p.Length(), 5, look.Phase)), // rings
            5 => Grain(u, v, look.Grain), // grain
            6 => Math.Clamp(0.5f + u / 16, 0, 1), // gradient
            7 => Step(MathF.Max(Wave(u, 7, look.Phase), Wave(v, 7, look.Phase)) - 0.8f), // grid
            8 => Step(MathF.Cos(7 * MathF.Atan2(p.Y, p.X) + look.Angle)), // spokes
            _ => Step(Wave(u + 2.5f * MathF.Sin(v * MathF.Tau / 9), 6.5f, look.Phase)), // waves
        };
    }

    private static float Wave(float x, float period, float phase) => MathF.Cos(MathF.Tau * (x / period + phase));

    private static float Step(float value) => value > 0 ? 1 : 0;

    /// <summary>Black or white at random for each cell of two pixels.</summary>
    private static float Grain(float u, float v, uint seed)
    {
        var cell = unchecked((uint)(int)MathF.Floor(u / 2) * 0x9E3779B1u + (uint)(int)MathF.Floor(v / 2) * 0x85EBCA77u + seed);
        cell = unchecked((cell ^ (cell >> 15)) * 0x2C1B3C6Du);
        return (cell >> 30) & 1;
    }
}
