using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AnalogTorch.Core;

namespace AnalogTorch.Kernels;

/// <summary>Sixteen independent random streams in registers: xoshiro128++ (Blackman, Vigna 2021), one per lane.</summary>
/// <remarks>
/// The state is a function of the key alone, so numbers depend on (stream, block) and not on which thread draws them.
/// Normals come from Box and Muller's transform with polynomials of Cephes accuracy (about 1e-7); the radius keeps the
/// relative precision of a 32-bit uniform, so the tails reach 6.7 σ.
/// </remarks>
internal struct RandomLanes
{
    private Vector512<uint> s0, s1, s2, s3;
    private Vector512<float> spare;
    private bool hasSpare;

    /// <summary>The streams of a key.</summary>
    public RandomLanes(ulong key)
    {
        s0 = Seed(Rng.Mix(key ^ 0xA0761D6478BD642F));
        s1 = Seed(Rng.Mix(key ^ 0xE7037ED1A0B428DB));
        s2 = Seed(Rng.Mix(key ^ 0x8EBC6AF09C88C6E3));
        s3 = Seed(Rng.Mix(key ^ 0x589965CC75374CC3)) | Vector512<uint>.One; // never the all-zero state
        spare = default;
        hasSpare = false;
    }

    /// <summary>32 random bits a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<uint> NextBits()
    {
        var sum = s0 + s3;
        var result = ((sum << 7) | (sum >> 25)) + s0;
        var t = s1 << 9;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = (s3 << 11) | (s3 >> 21);
        return result;
    }

    /// <summary>Uniform numbers in [0, 1), 24 bits each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> NextUniform() =>
        Vector512.ConvertToSingle((NextBits() >> 8).AsInt32()) * (1f / (1 << 24));

    /// <summary>Standard normal numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> NextNormal()
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
    public (Vector512<float> First, Vector512<float> Second) NextNormalPair()
    {
        var u = Vector512.Max(Vector512.ConvertToSingle(NextBits()) * 2.3283064e-10f, Vector512.Create(1.1641532e-10f));
        var radius = Vector512.Sqrt(Log(u) * -2f);
        var bits = NextBits();
        var angle = Vector512.ConvertToSingle((bits >> 8).AsInt32()) * (float)(Math.PI / 4 / (1 << 24)); // one octant
        var z = angle * angle;
        var sin = angle + angle * z * (Vector512.Create(-1.6666654611e-1f) + z * (Vector512.Create(8.3321608736e-3f) - z * 1.9515295891e-4f));
        var cos = Vector512<float>.One - z * 0.5f
            + z * z * (Vector512.Create(4.166664568298827e-2f) + z * (Vector512.Create(-1.388731625493765e-3f) + z * 2.443315711809948e-5f));
        // Three of the eight low bits choose the octant: swap, and the two signs.
        var swap = Vector512.Equals(bits & Vector512.Create(1u), Vector512<uint>.Zero).AsSingle();
        var x = Vector512.ConditionalSelect(swap, cos, sin) * radius;
        var y = Vector512.ConditionalSelect(swap, sin, cos) * radius;
        var sign = Vector512.Create(0x80000000u);
        return ((x.AsUInt32() ^ ((bits << 30) & sign)).AsSingle(), (y.AsUInt32() ^ ((bits << 29) & sign)).AsSingle());
    }

    /// <summary>Natural logarithm of positive normal numbers: mantissa in [√½, √2), polynomial of degree 8 (Cephes logf).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Log(Vector512<float> value)
    {
        var shifted = value.AsInt32() - Vector512.Create(0x3F3504F3); // bits of √½
        var exponent = Vector512.ConvertToSingle(shifted >> 23);
        var f = ((shifted & Vector512.Create(0x007FFFFF)) + Vector512.Create(0x3F3504F3)).AsSingle() - Vector512<float>.One;
        var p = Vector512.Create(7.0376836292e-2f);
        p = p * f - Vector512.Create(1.1514610310e-1f);
        p = p * f + Vector512.Create(1.1676998740e-1f);
        p = p * f - Vector512.Create(1.2420140846e-1f);
        p = p * f + Vector512.Create(1.4249322787e-1f);
        p = p * f - Vector512.Create(1.6668057665e-1f);
        p = p * f + Vector512.Create(2.0000714765e-1f);
        p = p * f - Vector512.Create(2.4999993993e-1f);
        p = p * f + Vector512.Create(3.3333331174e-1f);
        var square = f * f;
        return f + (square * f * p - exponent * 2.12194440e-4f - square * 0.5f) + exponent * 0.693359375f;
    }

    /// <summary>A different word for each lane: two rounds of a 32-bit finaliser over (key, lane).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Seed(ulong key)
    {
        var z = (Vector512<uint>.Indices + Vector512.Create(1u)) * 0x9E3779B9u ^ Vector512.Create((uint)key);
        z = (z ^ (z >> 16)) * 0x85EBCA6Bu;
        z = (z ^ (z >> 13)) * 0xC2B2AE35u + Vector512.Create((uint)(key >> 32));
        z = (z ^ (z >> 16)) * 0x7FEB352Du;
        z = (z ^ (z >> 15)) * 0x846CA68Bu;
        return z ^ (z >> 16);
    }
}
