using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Doubles = System.Runtime.Intrinsics.Vector256<double>;
using Floats = System.Runtime.Intrinsics.Vector256<float>;
using Ints = System.Runtime.Intrinsics.Vector256<int>;
using Words = System.Runtime.Intrinsics.Vector256<uint>;

namespace AnalogTorch.Kernels;

/// <summary>A register of 256 bits: 8 lanes (AVX2).</summary>
/// <remarks>
/// Casts stand where constructors and helpers would read better: the just-in-time compiler counts what it inlines, and gives up
/// in the middle of a long loop.
/// </remarks>
internal readonly unsafe struct Lane256 : IWide<Lane256>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public readonly Floats Value;

    public static int Width => 8;

    public static bool IsSupported => Vector256.IsHardwareAccelerated;

    public static Lane256 Zero => default;

    public static Lane256 Indices => Unsafe.BitCast<Words, Lane256>(Words.Indices);

    [MethodImpl(Inline)] public static implicit operator Lane256(float value) => Unsafe.BitCast<Floats, Lane256>(Vector256.Create(value));
    [MethodImpl(Inline)] public static Lane256 operator +(Lane256 a, Lane256 b) => Unsafe.BitCast<Floats, Lane256>(a.Value + b.Value);
    [MethodImpl(Inline)] public static Lane256 operator -(Lane256 a, Lane256 b) => Unsafe.BitCast<Floats, Lane256>(a.Value - b.Value);
    [MethodImpl(Inline)] public static Lane256 operator *(Lane256 a, Lane256 b) => Unsafe.BitCast<Floats, Lane256>(a.Value * b.Value);
    [MethodImpl(Inline)] public static Lane256 operator /(Lane256 a, Lane256 b) => Unsafe.BitCast<Floats, Lane256>(a.Value / b.Value);
    [MethodImpl(Inline)] public static Lane256 operator -(Lane256 a) => Unsafe.BitCast<Floats, Lane256>(-a.Value);
    [MethodImpl(Inline)] public static Lane256 Min(Lane256 a, Lane256 b) => Unsafe.BitCast<Floats, Lane256>(Vector256.MinNative(a.Value, b.Value));
    [MethodImpl(Inline)] public static Lane256 Max(Lane256 a, Lane256 b) => Unsafe.BitCast<Floats, Lane256>(Vector256.MaxNative(a.Value, b.Value));
    [MethodImpl(Inline)] public static Lane256 Abs(Lane256 a) => Unsafe.BitCast<Floats, Lane256>(Vector256.Abs(a.Value));
    [MethodImpl(Inline)] public static Lane256 Floor(Lane256 a) => Unsafe.BitCast<Floats, Lane256>(Vector256.Floor(a.Value));
    [MethodImpl(Inline)] public static Lane256 Round(Lane256 a) => Unsafe.BitCast<Floats, Lane256>(Vector256.Round(a.Value));
    [MethodImpl(Inline)] public static Lane256 Exp(Lane256 a) => Unsafe.BitCast<Floats, Lane256>(Vector256.Exp(a.Value));
    [MethodImpl(Inline)] public static Lane256 Log(Lane256 a) => Unsafe.BitCast<Floats, Lane256>(Vector256.Log(a.Value));
    [MethodImpl(Inline)] public static Lane256 Sqrt(Lane256 a) => Unsafe.BitCast<Floats, Lane256>(Vector256.Sqrt(a.Value));
    [MethodImpl(Inline)] public static Lane256 MultiplyAdd(Lane256 a, Lane256 b, Lane256 c) => Unsafe.BitCast<Floats, Lane256>(Vector256.MultiplyAddEstimate(a.Value, b.Value, c.Value));

    public static Lane256 Tanh(Lane256 a)
    {
        var (low, high) = Vector256.Widen(a.Value);
        return Unsafe.BitCast<Floats, Lane256>(Vector256.Narrow(Tanh(low), Tanh(high)));
    }

    public static Lane256 Pow(Lane256 a, Lane256 b)
    {
        var ((lowBase, highBase), (low, high)) = (Vector256.Widen(a.Value), Vector256.Widen(b.Value));
        return Unsafe.BitCast<Floats, Lane256>(Vector256.Narrow(Pow(lowBase, low), Pow(highBase, high)));
    }

    [MethodImpl(Inline)]
    public static Lane256 IfLess(Lane256 a, Lane256 b, Lane256 then, Lane256 otherwise) =>
        Unsafe.BitCast<Floats, Lane256>(Vector256.ConditionalSelect(Vector256.LessThan(a.Value, b.Value), then.Value, otherwise.Value));

    public static Lane256 Gather(float[] table, Lane256 index)
    {
        Span<float> gathered = stackalloc float[8];
        for (var lane = 0; lane < 8; lane++)
            gathered[lane] = table[(int)index.Value.GetElement(lane)];
        return Unsafe.BitCast<Floats, Lane256>(Vector256.Create<float>(gathered));
    }

    [MethodImpl(Inline)] public static Lane256 Load(float* source) => Unsafe.BitCast<Floats, Lane256>(Vector256.Load(source));
    [MethodImpl(Inline)] public static void Store(Lane256 value, float* target) => value.Value.Store(target);
    [MethodImpl(Inline)] public static Lane256 LoadWords(ushort* source) => Unsafe.BitCast<Words, Lane256>(Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()));
    [MethodImpl(Inline)] public static Lane256 Bits(uint value) => Unsafe.BitCast<Words, Lane256>(Vector256.Create(value));
    [MethodImpl(Inline)] public static Lane256 operator &(Lane256 a, Lane256 b) => Unsafe.BitCast<Words, Lane256>(a.Value.AsUInt32() & b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane256 operator |(Lane256 a, Lane256 b) => Unsafe.BitCast<Words, Lane256>(a.Value.AsUInt32() | b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane256 operator ^(Lane256 a, Lane256 b) => Unsafe.BitCast<Words, Lane256>(a.Value.AsUInt32() ^ b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane256 operator ~(Lane256 a) => Unsafe.BitCast<Words, Lane256>(~a.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane256 AndNot(Lane256 a, Lane256 b) => Unsafe.BitCast<Words, Lane256>(Vector256.AndNot(a.Value.AsUInt32(), b.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane256 operator <<(Lane256 a, int count) => Unsafe.BitCast<Words, Lane256>(a.Value.AsUInt32() << count);
    [MethodImpl(Inline)] public static Lane256 operator >>(Lane256 a, int count) => Unsafe.BitCast<Ints, Lane256>(a.Value.AsInt32() >> count);
    [MethodImpl(Inline)] public static Lane256 operator >>>(Lane256 a, int count) => Unsafe.BitCast<Words, Lane256>(a.Value.AsUInt32() >>> count);

    [MethodImpl(Inline)]
    public static Lane256 RotateLeft(Lane256 a, [ConstantExpected] byte count) => Unsafe.BitCast<Words, Lane256>(
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateLeft(a.Value.AsUInt32(), count) : (a.Value.AsUInt32() << count) | (a.Value.AsUInt32() >>> (32 - count)));

    [MethodImpl(Inline)]
    public static Lane256 ShiftLeft(Lane256 a, Lane256 counts) =>
        Avx2.IsSupported ? Unsafe.BitCast<Words, Lane256>(Avx2.ShiftLeftLogicalVariable(a.Value.AsUInt32(), counts.Value.AsUInt32())) : Wide.ShiftLeft(a, counts);

    [MethodImpl(Inline)]
    public static Lane256 PopCount(Lane256 a)
    {
        if (!Avx2.IsSupported)
            return Wide.PopCount(a);
        var table = Vector256.Create(
            (byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
        var nibble = Vector256.Create((byte)0x0F);
        var low = Avx2.Shuffle(table, a.Value.AsByte() & nibble);
        var high = Avx2.Shuffle(table, (a.Value.AsUInt16() >>> 4).AsByte() & nibble);
        var pairs = Avx2.MultiplyAddAdjacent(low + high, Vector256<sbyte>.One);
        return Unsafe.BitCast<Ints, Lane256>(Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One));
    }

    [MethodImpl(Inline)] public static Lane256 AddInt(Lane256 a, Lane256 b) => Unsafe.BitCast<Words, Lane256>(a.Value.AsUInt32() + b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane256 SubtractInt(Lane256 a, Lane256 b) => Unsafe.BitCast<Words, Lane256>(a.Value.AsUInt32() - b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane256 MultiplyInt(Lane256 a, Lane256 b) => Unsafe.BitCast<Words, Lane256>(a.Value.AsUInt32() * b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane256 EqualInt(Lane256 a, Lane256 b) => Unsafe.BitCast<Words, Lane256>(Vector256.Equals(a.Value.AsUInt32(), b.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane256 LessUInt(Lane256 a, Lane256 b) => Unsafe.BitCast<Words, Lane256>(Vector256.LessThan(a.Value.AsUInt32(), b.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane256 MaxInt(Lane256 a, Lane256 b) => Unsafe.BitCast<Ints, Lane256>(Vector256.Max(a.Value.AsInt32(), b.Value.AsInt32()));
    [MethodImpl(Inline)] public static Lane256 FromInt(Lane256 a) => Unsafe.BitCast<Floats, Lane256>(Vector256.ConvertToSingle(a.Value.AsInt32()));
    [MethodImpl(Inline)] public static Lane256 FromUInt(Lane256 a) => Unsafe.BitCast<Floats, Lane256>(Vector256.ConvertToSingle(a.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane256 ToUInt(Lane256 a) => Unsafe.BitCast<Words, Lane256>(Vector256.ConvertToUInt32Native(a.Value));
    [MethodImpl(Inline)] public static Lane256 Select(Lane256 mask, Lane256 then, Lane256 otherwise) => Unsafe.BitCast<Floats, Lane256>(Vector256.ConditionalSelect(mask.Value, then.Value, otherwise.Value));
    [MethodImpl(Inline)] public static bool IsZero(Lane256 a) => a.Value.AsUInt32() == Words.Zero;
    [MethodImpl(Inline)] public static bool AnyMoreInt(Lane256 a, Lane256 b) => Vector256.GreaterThanAny(a.Value.AsInt32(), b.Value.AsInt32());

    [MethodImpl(Inline)]
    public static long SumInt(Lane256 a)
    {
        var (lower, upper) = Vector256.Widen(a.Value.AsInt32());
        return Vector256.Sum(lower + upper);
    }

    [MethodImpl(Inline)]
    public static int LargestInt(Lane256 a) =>
        Lane128.LargestInt(Unsafe.BitCast<Vector128<int>, Lane128>(Vector128.Max(a.Value.AsInt32().GetLower(), a.Value.AsInt32().GetUpper())));

    // In double precision, so that little is left to round: 1 − 2/(e^2|x| + 1), and a series where that is small.
    private static Doubles Tanh(Doubles x)
    {
        var (one, square) = (Doubles.One, x * x);
        var large = Vector256.CopySign(one - Vector256.Create(2.0)
            / (Vector256.Exp(Vector256.Min(Vector256.Abs(x) * 2, Vector256.Create(40.0))) + one), x);
        var small = x - x * square * (Vector256.Create(1 / 3.0) - square * (2 / 15.0));
        return Vector256.ConditionalSelect(Vector256.LessThan(square, Vector256.Create(1 / 4096.0)), small, large);
    }

    private static Doubles Pow(Doubles a, Doubles b) => Vector256.ConditionalSelect(
        Vector256.Equals(a, Doubles.One) | Vector256.Equals(b, Doubles.Zero), Doubles.One, Vector256.Exp(b * Vector256.Log(a)));
}
