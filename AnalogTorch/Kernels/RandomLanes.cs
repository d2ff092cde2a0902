using System.Runtime.CompilerServices;
using AnalogTorch.Core;

namespace AnalogTorch.Kernels;

/// <summary>Independent random streams in registers: xoshiro128++ (Blackman, Vigna 2021), one per lane.</summary>
/// <remarks>
/// The state is a function of the key alone, so numbers depend on (stream, block) and not on which thread draws them.
/// Normals come from Box and Muller's transform with polynomials accurate to about 1e-7 (sine and cosine as in Cephes); the radius
/// keeps the relative precision of a 32-bit uniform, so the tails reach 6.7 σ.
/// </remarks>
internal struct RandomLanes<T> where T : struct, IWide<T>
{
    private Xoshiro<T> source;
    private T spare;
    private bool hasSpare;

    /// <summary>The streams of a key.</summary>
    public RandomLanes(ulong key)
    {
        source = new(key);
        spare = default;
        hasSpare = false;
    }

    /// <summary>32 random bits a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T NextBits() => source.NextBits();

    /// <summary>Uniform numbers in [0, 1), 24 bits each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T NextUniform() => T.FromInt(source.NextBits() >>> 8) * (1f / (1 << 24));

    /// <summary>Standard normal numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T NextNormal()
    {
        if (hasSpare)
        {
            hasSpare = false;
            return spare;
        }
        hasSpare = true;
        var (first, second) = NextNormalPair();
        spare = second;
        return first;
    }

    /// <summary>Two registers of independent standard normal numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (T First, T Second) NextNormalPair()
    {
        var radius = T.Sqrt(MinusTwoLog(T.FromUInt(source.NextHighBits() | T.Bits(1))));
        var bits = source.NextHighBits();
        var angle = T.FromInt((bits << 3) >>> 8) * (float)(Math.PI / 4 / (1 << 24)); // one octant
        var z = angle * angle;
        var sin = T.MultiplyAdd(angle * z, T.MultiplyAdd(z, T.MultiplyAdd(z, -1.9515295891e-4f, 8.3321608736e-3f), -1.6666654611e-1f), angle);
        T one = 1f;
        var cos = T.MultiplyAdd(
            z * z,
            T.MultiplyAdd(z, T.MultiplyAdd(z, 2.443315711809948e-5f, -1.388731625493765e-3f), 4.166664568298827e-2f),
            T.MultiplyAdd(z, -0.5f, one));
        // The three highest bits choose the octant: the two signs, and swap.
        var swap = (bits << 2) >> 31;
        var x = T.Select(swap, sin, cos) * radius;
        var y = T.Select(swap, cos, sin) * radius;
        var sign = T.Bits(0x80000000u);
        return (x ^ (bits & sign), y ^ ((bits << 1) & sign));
    }

    /// <summary>−2·ln(x/2³²) of numbers of at least 1.</summary>
    /// <remarks>
    /// Mantissa in [√½, √2) as 1 + f, ln(1 + f) = f − f²/2 + f³·p(f). The polynomial was fitted by weighted least squares until its
    /// largest error was smallest: 6.3e-8, half a unit in the last place of 1.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T MinusTwoLog(T value)
    {
        const uint rootHalf = 0x3F3504F3, thirtyTwo = 32u << 23; // bits of √½, and of a factor of 2³²
        T one = 1f;
        var shifted = T.SubtractInt(value, T.Bits(rootHalf + thirtyTwo));
        var exponent = T.FromInt(shifted >> 23);
        var f = T.AddInt(shifted & T.Bits(0x007FFFFF), T.Bits(rootHalf)) - one;
        var p = T.MultiplyAdd(-1.0224132045e-1f, f, 1.6141158329e-1f);
        p = T.MultiplyAdd(p, f, -1.7166918775e-1f);
        p = T.MultiplyAdd(p, f, 1.9910240561e-1f);
        p = T.MultiplyAdd(p, f, -2.4980573428e-1f);
        p = T.MultiplyAdd(p, f, 3.3334690957e-1f);
        // ln = f − f²/2 + f³·p + exponent·ln 2, each part times −2
        var square = f * f;
        var small = T.MultiplyAdd(square * f, p * -2f, square);
        return T.MultiplyAdd(exponent, -1.3862943611f, T.MultiplyAdd(f, -2f, small));
    }
}

/// <summary>The state of xoshiro128++, one generator a lane.</summary>
/// <remarks>Four fields and no more, which the just-in-time compiler keeps in registers.</remarks>
internal struct Xoshiro<T> where T : struct, IWide<T>
{
    private T s0, s1, s2, s3;

    /// <summary>The streams of a key.</summary>
    public Xoshiro(ulong key)
    {
        s0 = Seed(Rng.Mix(key ^ 0xA0761D6478BD642F));
        s1 = Seed(Rng.Mix(key ^ 0xE7037ED1A0B428DB));
        s2 = Seed(Rng.Mix(key ^ 0x8EBC6AF09C88C6E3));
        s3 = Seed(Rng.Mix(key ^ 0x589965CC75374CC3)) | T.Bits(1); // never the all-zero state
    }

    /// <summary>32 random bits a lane, of which the lowest are worse than the others: those of xoshiro128+.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T NextHighBits()
    {
        var result = T.AddInt(s0, s3);
        Advance();
        return result;
    }

    /// <summary>32 random bits a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T NextBits()
    {
        var result = T.AddInt(T.RotateLeft(T.AddInt(s0, s3), 7), s0);
        Advance();
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Advance()
    {
        var (a, b, c, d) = (s0, s1, s2 ^ s0, s3 ^ s1);
        s0 = a ^ d;
        s1 = b ^ c;
        s2 = c ^ (b << 9);
        s3 = T.RotateLeft(d, 11);
    }

    /// <summary>A different word for each lane: two rounds of a 32-bit finaliser over (key, lane).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Seed(ulong key)
    {
        var z = T.MultiplyInt(T.AddInt(T.Indices, T.Bits(1)), T.Bits(0x9E3779B9u)) ^ T.Bits((uint)key);
        z = T.MultiplyInt(z ^ (z >>> 16), T.Bits(0x85EBCA6Bu));
        z = T.AddInt(T.MultiplyInt(z ^ (z >>> 13), T.Bits(0xC2B2AE35u)), T.Bits((uint)(key >> 32)));
        z = T.MultiplyInt(z ^ (z >>> 16), T.Bits(0x7FEB352Du));
        z = T.MultiplyInt(z ^ (z >>> 15), T.Bits(0x846CA68Bu));
        return z ^ (z >>> 16);
    }
}
