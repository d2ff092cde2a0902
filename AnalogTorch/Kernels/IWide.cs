using System.Diagnostics.CodeAnalysis;

namespace AnalogTorch.Kernels;

/// <summary>A register that the CPU engine works in: floats, or 32-bit integers in the same bits, one to a lane.</summary>
/// <remarks>
/// Loops are written once over this type; how wide a register is, the implementation decides. A comparison gives all ones in the
/// lanes where it holds. Integer arithmetic has names of its own, since + and * are those of floats.
/// </remarks>
/// <typeparam name="T">The implementing type itself.</typeparam>
internal unsafe interface IWide<T> : ILane<T> where T : struct, IWide<T>
{
    /// <summary>The same number in every lane; declared again, since C# does not find the conversion of a base interface.</summary>
    static abstract implicit operator T(float value);

    /// <summary>Number of lanes.</summary>
    static abstract int Width { get; }

    /// <summary>Whether this computer has registers of this width.</summary>
    static abstract bool IsSupported { get; }

    static abstract T Zero { get; }

    /// <summary>Lanes 0, 1, 2, … as integers.</summary>
    static abstract T Indices { get; }

    static abstract T Load(float* source);

    static abstract void Store(T value, float* target);

    /// <summary>16-bit unsigned integers, widened to 32 bits.</summary>
    static abstract T LoadWords(ushort* source);

    /// <summary>The same 32 bits in every lane.</summary>
    static abstract T Bits(uint value);

    static abstract T operator &(T a, T b);

    static abstract T operator |(T a, T b);

    static abstract T operator ^(T a, T b);

    static abstract T operator ~(T a);

    /// <summary>The bits of <paramref name="a"/> that <paramref name="b"/> does not have.</summary>
    static abstract T AndNot(T a, T b);

    static abstract T operator <<(T a, int count);

    /// <summary>Arithmetic shift: the sign fills up.</summary>
    static abstract T operator >>(T a, int count);

    static abstract T operator >>>(T a, int count);

    static abstract T RotateLeft(T a, [ConstantExpected] byte count);

    /// <summary>Each lane by its own count; a count of 32 or more leaves nothing.</summary>
    static abstract T ShiftLeft(T a, T counts);

    /// <summary>Number of bits that are set.</summary>
    static abstract T PopCount(T a);

    static abstract T AddInt(T a, T b);

    static abstract T SubtractInt(T a, T b);

    static abstract T MultiplyInt(T a, T b);

    static abstract T EqualInt(T a, T b);

    static abstract T LessUInt(T a, T b);

    static abstract T FromInt(T a);

    static abstract T FromUInt(T a);

    /// <summary>To the nearest whole number, halves to the even one.</summary>
    static abstract T Round(T a);

    /// <summary>Unsigned integers from floats in [0, 2³²); a fraction is cut off.</summary>
    static abstract T ToUInt(T a);

    /// <summary>The lanes of <paramref name="then"/> where the mask is set, else those of <paramref name="otherwise"/>.</summary>
    static abstract T Select(T mask, T then, T otherwise);

    /// <summary>Whether every bit is zero.</summary>
    static abstract bool IsZero(T a);

    /// <summary>Whether a lane of <paramref name="a"/> is more than that of <paramref name="b"/>, as signed integers.</summary>
    static abstract bool AnyMoreInt(T a, T b);

    /// <summary>Sum of the lanes as integers.</summary>
    static abstract long SumInt(T a);

    static abstract T MaxInt(T a, T b);

    /// <summary>Largest lane as an integer.</summary>
    static abstract int LargestInt(T a);
}
