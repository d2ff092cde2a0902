using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Doubles = System.Runtime.Intrinsics.Vector128<double>;
using Floats = System.Runtime.Intrinsics.Vector128<float>;
using Ints = System.Runtime.Intrinsics.Vector128<int>;
using Words = System.Runtime.Intrinsics.Vector128<uint>;

namespace AnalogTorch.Kernels;

/// <summary>A register of 128 bits: 4 lanes (SSE, NEON).</summary>
/// <remarks>
/// Casts stand where constructors and helpers would read better: the just-in-time compiler counts what it inlines, and gives up
/// in the middle of a long loop.
/// </remarks>
internal readonly unsafe struct Lane128 : IWide<Lane128>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public readonly Floats Value;

    public static int Width => 4;

    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    public static Lane128 Zero => default;

    public static Lane128 Indices => Unsafe.BitCast<Words, Lane128>(Words.Indices);

    [MethodImpl(Inline)] public static implicit operator Lane128(float value) => Unsafe.BitCast<Floats, Lane128>(Vector128.Create(value));
    [MethodImpl(Inline)] public static Lane128 operator +(Lane128 a, Lane128 b) => Unsafe.BitCast<Floats, Lane128>(a.Value + b.Value);
    [MethodImpl(Inline)] public static Lane128 operator -(Lane128 a, Lane128 b) => Unsafe.BitCast<Floats, Lane128>(a.Value - b.Value);
    [MethodImpl(Inline)] public static Lane128 operator *(Lane128 a, Lane128 b) => Unsafe.BitCast<Floats, Lane128>(a.Value * b.Value);
    [MethodImpl(Inline)] public static Lane128 operator /(Lane128 a, Lane128 b) => Unsafe.BitCast<Floats, Lane128>(a.Value / b.Value);
    [MethodImpl(Inline)] public static Lane128 operator -(Lane128 a) => Unsafe.BitCast<Floats, Lane128>(-a.Value);
    [MethodImpl(Inline)] public static Lane128 Min(Lane128 a, Lane128 b) => Unsafe.BitCast<Floats, Lane128>(Vector128.MinNative(a.Value, b.Value));
    [MethodImpl(Inline)] public static Lane128 Max(Lane128 a, Lane128 b) => Unsafe.BitCast<Floats, Lane128>(Vector128.MaxNative(a.Value, b.Value));
    [MethodImpl(Inline)] public static Lane128 Abs(Lane128 a) => Unsafe.BitCast<Floats, Lane128>(Vector128.Abs(a.Value));
    [MethodImpl(Inline)] public static Lane128 Floor(Lane128 a) => Unsafe.BitCast<Floats, Lane128>(Vector128.Floor(a.Value));
    [MethodImpl(Inline)] public static Lane128 Round(Lane128 a) => Unsafe.BitCast<Floats, Lane128>(Vector128.Round(a.Value));
    [MethodImpl(Inline)] public static Lane128 Exp(Lane128 a) => Unsafe.BitCast<Floats, Lane128>(Vector128.Exp(a.Value));
    [MethodImpl(Inline)] public static Lane128 Log(Lane128 a) => Unsafe.BitCast<Floats, Lane128>(Vector128.Log(a.Value));
    [MethodImpl(Inline)] public static Lane128 Sqrt(Lane128 a) => Unsafe.BitCast<Floats, Lane128>(Vector128.Sqrt(a.Value));
    [MethodImpl(Inline)] public static Lane128 MultiplyAdd(Lane128 a, Lane128 b, Lane128 c) => Unsafe.BitCast<Floats, Lane128>(Vector128.MultiplyAddEstimate(a.Value, b.Value, c.Value));

    public static Lane128 Tanh(Lane128 a)
    {
        var (low, high) = Vector128.Widen(a.Value);
        return Unsafe.BitCast<Floats, Lane128>(Vector128.Narrow(Tanh(low), Tanh(high)));
    }

    public static Lane128 Pow(Lane128 a, Lane128 b)
    {
        var ((lowBase, highBase), (low, high)) = (Vector128.Widen(a.Value), Vector128.Widen(b.Value));
        return Unsafe.BitCast<Floats, Lane128>(Vector128.Narrow(Pow(lowBase, low), Pow(highBase, high)));
    }

    [MethodImpl(Inline)]
    public static Lane128 IfLess(Lane128 a, Lane128 b, Lane128 then, Lane128 otherwise) =>
        Unsafe.BitCast<Floats, Lane128>(Vector128.ConditionalSelect(Vector128.LessThan(a.Value, b.Value), then.Value, otherwise.Value));

    public static Lane128 Gather(float[] table, Lane128 index)
    {
        Span<float> gathered = stackalloc float[4];
        for (var lane = 0; lane < 4; lane++)
            gathered[lane] = table[(int)index.Value.GetElement(lane)];
        return Unsafe.BitCast<Floats, Lane128>(Vector128.Create<float>(gathered));
    }

    [MethodImpl(Inline)] public static Lane128 Load(float* source) => Unsafe.BitCast<Floats, Lane128>(Vector128.Load(source));
    [MethodImpl(Inline)] public static void Store(Lane128 value, float* target) => value.Value.Store(target);
    [MethodImpl(Inline)] public static Lane128 LoadWords(ushort* source) => Unsafe.BitCast<Words, Lane128>(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()));
    [MethodImpl(Inline)] public static Lane128 Bits(uint value) => Unsafe.BitCast<Words, Lane128>(Vector128.Create(value));
    [MethodImpl(Inline)] public static Lane128 operator &(Lane128 a, Lane128 b) => Unsafe.BitCast<Words, Lane128>(a.Value.AsUInt32() & b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane128 operator |(Lane128 a, Lane128 b) => Unsafe.BitCast<Words, Lane128>(a.Value.AsUInt32() | b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane128 operator ^(Lane128 a, Lane128 b) => Unsafe.BitCast<Words, Lane128>(a.Value.AsUInt32() ^ b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane128 operator ~(Lane128 a) => Unsafe.BitCast<Words, Lane128>(~a.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane128 AndNot(Lane128 a, Lane128 b) => Unsafe.BitCast<Words, Lane128>(Vector128.AndNot(a.Value.AsUInt32(), b.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane128 operator <<(Lane128 a, int count) => Unsafe.BitCast<Words, Lane128>(a.Value.AsUInt32() << count);
    [MethodImpl(Inline)] public static Lane128 operator >>(Lane128 a, int count) => Unsafe.BitCast<Ints, Lane128>(a.Value.AsInt32() >> count);
    [MethodImpl(Inline)] public static Lane128 operator >>>(Lane128 a, int count) => Unsafe.BitCast<Words, Lane128>(a.Value.AsUInt32() >>> count);

    [MethodImpl(Inline)]
    public static Lane128 RotateLeft(Lane128 a, [ConstantExpected] byte count) => Unsafe.BitCast<Words, Lane128>(
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateLeft(a.Value.AsUInt32(), count) : (a.Value.AsUInt32() << count) | (a.Value.AsUInt32() >>> (32 - count)));

    [MethodImpl(Inline)]
    public static Lane128 ShiftLeft(Lane128 a, Lane128 counts) =>
        Avx2.IsSupported ? Unsafe.BitCast<Words, Lane128>(Avx2.ShiftLeftLogicalVariable(a.Value.AsUInt32(), counts.Value.AsUInt32())) : Wide.ShiftLeft(a, counts);

    [MethodImpl(Inline)]
    public static Lane128 PopCount(Lane128 a)
    {
        if (!Ssse3.IsSupported)
            return Wide.PopCount(a);
        var table = Vector128.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
        var nibble = Vector128.Create((byte)0x0F);
        var low = Ssse3.Shuffle(table, a.Value.AsByte() & nibble);
        var high = Ssse3.Shuffle(table, (a.Value.AsUInt16() >>> 4).AsByte() & nibble);
        var pairs = Ssse3.MultiplyAddAdjacent(low + high, Vector128<sbyte>.One);
        return Unsafe.BitCast<Ints, Lane128>(Sse2.MultiplyAddAdjacent(pairs, Vector128<short>.One));
    }

    [MethodImpl(Inline)] public static Lane128 AddInt(Lane128 a, Lane128 b) => Unsafe.BitCast<Words, Lane128>(a.Value.AsUInt32() + b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane128 SubtractInt(Lane128 a, Lane128 b) => Unsafe.BitCast<Words, Lane128>(a.Value.AsUInt32() - b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane128 MultiplyInt(Lane128 a, Lane128 b) => Unsafe.BitCast<Words, Lane128>(a.Value.AsUInt32() * b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane128 EqualInt(Lane128 a, Lane128 b) => Unsafe.BitCast<Words, Lane128>(Vector128.Equals(a.Value.AsUInt32(), b.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane128 LessUInt(Lane128 a, Lane128 b) => Unsafe.BitCast<Words, Lane128>(Vector128.LessThan(a.Value.AsUInt32(), b.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane128 MaxInt(Lane128 a, Lane128 b) => Unsafe.BitCast<Ints, Lane128>(Vector128.Max(a.Value.AsInt32(), b.Value.AsInt32()));
    [MethodImpl(Inline)] public static Lane128 FromInt(Lane128 a) => Unsafe.BitCast<Floats, Lane128>(Vector128.ConvertToSingle(a.Value.AsInt32()));
    [MethodImpl(Inline)] public static Lane128 FromUInt(Lane128 a) => Unsafe.BitCast<Floats, Lane128>(Vector128.ConvertToSingle(a.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane128 ToUInt(Lane128 a) => Unsafe.BitCast<Words, Lane128>(Vector128.ConvertToUInt32Native(a.Value));
    [MethodImpl(Inline)] public static Lane128 Select(Lane128 mask, Lane128 then, Lane128 otherwise) => Unsafe.BitCast<Floats, Lane128>(Vector128.ConditionalSelect(mask.Value, then.Value, otherwise.Value));
    [MethodImpl(Inline)] public static bool IsZero(Lane128 a) => a.Value.AsUInt32() == Words.Zero;
    [MethodImpl(Inline)] public static bool AnyMoreInt(Lane128 a, Lane128 b) => Vector128.GreaterThanAny(a.Value.AsInt32(), b.Value.AsInt32());

    [MethodImpl(Inline)]
    public static long SumInt(Lane128 a)
    {
        var (lower, upper) = Vector128.Widen(a.Value.AsInt32());
        return Vector128.Sum(lower + upper);
    }

    public static int LargestInt(Lane128 a)
    {
        var largest = int.MinValue;
        for (var lane = 0; lane < 4; lane++)
            largest = Math.Max(largest, a.Value.AsInt32()[lane]);
        return largest;
    }

    // In double precision, so that little is left to round: 1 − 2/(e^2|x| + 1), and a series where that is small.
    private static Doubles Tanh(Doubles x)
    {
        var (one, square) = (Doubles.One, x * x);
        var large = Vector128.CopySign(one - Vector128.Create(2.0)
            / (Vector128.Exp(Vector128.Min(Vector128.Abs(x) * 2, Vector128.Create(40.0))) + one), x);
        var small = x - x * square * (Vector128.Create(1 / 3.0) - square * (2 / 15.0));
        return Vector128.ConditionalSelect(Vector128.LessThan(square, Vector128.Create(1 / 4096.0)), small, large);
    }

    private static Doubles Pow(Doubles a, Doubles b) => Vector128.ConditionalSelect(
        Vector128.Equals(a, Doubles.One) | Vector128.Equals(b, Doubles.Zero), Doubles.One, Vector128.Exp(b * Vector128.Log(a)));
}
