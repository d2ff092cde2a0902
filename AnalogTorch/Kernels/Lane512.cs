using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Doubles = System.Runtime.Intrinsics.Vector512<double>;
using Floats = System.Runtime.Intrinsics.Vector512<float>;
using Ints = System.Runtime.Intrinsics.Vector512<int>;
using Words = System.Runtime.Intrinsics.Vector512<uint>;

namespace AnalogTorch.Kernels;

/// <summary>A register of 512 bits: 16 lanes (AVX-512).</summary>
/// <remarks>
/// Casts stand where constructors and helpers would read better: the just-in-time compiler counts what it inlines, and gives up
/// in the middle of a long loop.
/// </remarks>
internal readonly unsafe struct Lane512 : IWide<Lane512>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public readonly Floats Value;

    public static int Width => 16;

    public static bool IsSupported => Vector512.IsHardwareAccelerated;

    public static Lane512 Zero => default;

    public static Lane512 Indices => Unsafe.BitCast<Words, Lane512>(Words.Indices);

    [MethodImpl(Inline)] public static implicit operator Lane512(float value) => Unsafe.BitCast<Floats, Lane512>(Vector512.Create(value));
    [MethodImpl(Inline)] public static Lane512 operator +(Lane512 a, Lane512 b) => Unsafe.BitCast<Floats, Lane512>(a.Value + b.Value);
    [MethodImpl(Inline)] public static Lane512 operator -(Lane512 a, Lane512 b) => Unsafe.BitCast<Floats, Lane512>(a.Value - b.Value);
    [MethodImpl(Inline)] public static Lane512 operator *(Lane512 a, Lane512 b) => Unsafe.BitCast<Floats, Lane512>(a.Value * b.Value);
    [MethodImpl(Inline)] public static Lane512 operator /(Lane512 a, Lane512 b) => Unsafe.BitCast<Floats, Lane512>(a.Value / b.Value);
    [MethodImpl(Inline)] public static Lane512 operator -(Lane512 a) => Unsafe.BitCast<Floats, Lane512>(-a.Value);
    [MethodImpl(Inline)] public static Lane512 Min(Lane512 a, Lane512 b) => Unsafe.BitCast<Floats, Lane512>(Vector512.MinNative(a.Value, b.Value));
    [MethodImpl(Inline)] public static Lane512 Max(Lane512 a, Lane512 b) => Unsafe.BitCast<Floats, Lane512>(Vector512.MaxNative(a.Value, b.Value));
    [MethodImpl(Inline)] public static Lane512 Abs(Lane512 a) => Unsafe.BitCast<Floats, Lane512>(Vector512.Abs(a.Value));
    [MethodImpl(Inline)] public static Lane512 Floor(Lane512 a) => Unsafe.BitCast<Floats, Lane512>(Vector512.Floor(a.Value));
    [MethodImpl(Inline)] public static Lane512 Round(Lane512 a) => Unsafe.BitCast<Floats, Lane512>(Vector512.Round(a.Value));
    [MethodImpl(Inline)] public static Lane512 Exp(Lane512 a) => Unsafe.BitCast<Floats, Lane512>(Vector512.Exp(a.Value));
    [MethodImpl(Inline)] public static Lane512 Log(Lane512 a) => Unsafe.BitCast<Floats, Lane512>(Vector512.Log(a.Value));
    [MethodImpl(Inline)] public static Lane512 Sqrt(Lane512 a) => Unsafe.BitCast<Floats, Lane512>(Vector512.Sqrt(a.Value));
    [MethodImpl(Inline)] public static Lane512 MultiplyAdd(Lane512 a, Lane512 b, Lane512 c) => Unsafe.BitCast<Floats, Lane512>(Vector512.MultiplyAddEstimate(a.Value, b.Value, c.Value));

    public static Lane512 Tanh(Lane512 a)
    {
        var (low, high) = Vector512.Widen(a.Value);
        return Unsafe.BitCast<Floats, Lane512>(Vector512.Narrow(Tanh(low), Tanh(high)));
    }

    public static Lane512 Pow(Lane512 a, Lane512 b)
    {
        var ((lowBase, highBase), (low, high)) = (Vector512.Widen(a.Value), Vector512.Widen(b.Value));
        return Unsafe.BitCast<Floats, Lane512>(Vector512.Narrow(Pow(lowBase, low), Pow(highBase, high)));
    }

    [MethodImpl(Inline)]
    public static Lane512 IfLess(Lane512 a, Lane512 b, Lane512 then, Lane512 otherwise) =>
        Unsafe.BitCast<Floats, Lane512>(Vector512.ConditionalSelect(Vector512.LessThan(a.Value, b.Value), then.Value, otherwise.Value));

    public static Lane512 Gather(float[] table, Lane512 index)
    {
        Span<float> gathered = stackalloc float[16];
        for (var lane = 0; lane < 16; lane++)
            gathered[lane] = table[(int)index.Value.GetElement(lane)];
        return Unsafe.BitCast<Floats, Lane512>(Vector512.Create<float>(gathered));
    }

    [MethodImpl(Inline)] public static Lane512 Load(float* source) => Unsafe.BitCast<Floats, Lane512>(Vector512.Load(source));
    [MethodImpl(Inline)] public static void Store(Lane512 value, float* target) => value.Value.Store(target);
    [MethodImpl(Inline)] public static Lane512 LoadWords(ushort* source) => Unsafe.BitCast<Words, Lane512>(Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe()));
    [MethodImpl(Inline)] public static Lane512 Bits(uint value) => Unsafe.BitCast<Words, Lane512>(Vector512.Create(value));
    [MethodImpl(Inline)] public static Lane512 operator &(Lane512 a, Lane512 b) => Unsafe.BitCast<Words, Lane512>(a.Value.AsUInt32() & b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane512 operator |(Lane512 a, Lane512 b) => Unsafe.BitCast<Words, Lane512>(a.Value.AsUInt32() | b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane512 operator ^(Lane512 a, Lane512 b) => Unsafe.BitCast<Words, Lane512>(a.Value.AsUInt32() ^ b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane512 operator ~(Lane512 a) => Unsafe.BitCast<Words, Lane512>(~a.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane512 AndNot(Lane512 a, Lane512 b) => Unsafe.BitCast<Words, Lane512>(Vector512.AndNot(a.Value.AsUInt32(), b.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane512 operator <<(Lane512 a, int count) => Unsafe.BitCast<Words, Lane512>(a.Value.AsUInt32() << count);
    [MethodImpl(Inline)] public static Lane512 operator >>(Lane512 a, int count) => Unsafe.BitCast<Ints, Lane512>(a.Value.AsInt32() >> count);
    [MethodImpl(Inline)] public static Lane512 operator >>>(Lane512 a, int count) => Unsafe.BitCast<Words, Lane512>(a.Value.AsUInt32() >>> count);

    [MethodImpl(Inline)]
    public static Lane512 RotateLeft(Lane512 a, [ConstantExpected] byte count) => Unsafe.BitCast<Words, Lane512>(
        Avx512F.IsSupported ? Avx512F.RotateLeft(a.Value.AsUInt32(), count) : (a.Value.AsUInt32() << count) | (a.Value.AsUInt32() >>> (32 - count)));

    [MethodImpl(Inline)]
    public static Lane512 ShiftLeft(Lane512 a, Lane512 counts) =>
        Avx512F.IsSupported ? Unsafe.BitCast<Words, Lane512>(Avx512F.ShiftLeftLogicalVariable(a.Value.AsUInt32(), counts.Value.AsUInt32())) : Wide.ShiftLeft(a, counts);

    [MethodImpl(Inline)]
    public static Lane512 PopCount(Lane512 a)
    {
        if (!Avx512BW.IsSupported)
            return Wide.PopCount(a);
        var table = Vector512.Create(
            (byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
        var nibble = Vector512.Create((byte)0x0F);
        var low = Avx512BW.Shuffle(table, a.Value.AsByte() & nibble);
        var high = Avx512BW.Shuffle(table, (a.Value.AsUInt16() >>> 4).AsByte() & nibble);
        var pairs = Avx512BW.MultiplyAddAdjacent(low + high, Vector512<sbyte>.One);
        return Unsafe.BitCast<Ints, Lane512>(Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One));
    }

    [MethodImpl(Inline)] public static Lane512 AddInt(Lane512 a, Lane512 b) => Unsafe.BitCast<Words, Lane512>(a.Value.AsUInt32() + b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane512 SubtractInt(Lane512 a, Lane512 b) => Unsafe.BitCast<Words, Lane512>(a.Value.AsUInt32() - b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane512 MultiplyInt(Lane512 a, Lane512 b) => Unsafe.BitCast<Words, Lane512>(a.Value.AsUInt32() * b.Value.AsUInt32());
    [MethodImpl(Inline)] public static Lane512 EqualInt(Lane512 a, Lane512 b) => Unsafe.BitCast<Words, Lane512>(Vector512.Equals(a.Value.AsUInt32(), b.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane512 LessUInt(Lane512 a, Lane512 b) => Unsafe.BitCast<Words, Lane512>(Vector512.LessThan(a.Value.AsUInt32(), b.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane512 MaxInt(Lane512 a, Lane512 b) => Unsafe.BitCast<Ints, Lane512>(Vector512.Max(a.Value.AsInt32(), b.Value.AsInt32()));
    [MethodImpl(Inline)] public static Lane512 FromInt(Lane512 a) => Unsafe.BitCast<Floats, Lane512>(Vector512.ConvertToSingle(a.Value.AsInt32()));
    [MethodImpl(Inline)] public static Lane512 FromUInt(Lane512 a) => Unsafe.BitCast<Floats, Lane512>(Vector512.ConvertToSingle(a.Value.AsUInt32()));
    [MethodImpl(Inline)] public static Lane512 ToUInt(Lane512 a) => Unsafe.BitCast<Words, Lane512>(Vector512.ConvertToUInt32Native(a.Value));
    [MethodImpl(Inline)] public static Lane512 Select(Lane512 mask, Lane512 then, Lane512 otherwise) => Unsafe.BitCast<Floats, Lane512>(Vector512.ConditionalSelect(mask.Value, then.Value, otherwise.Value));
    [MethodImpl(Inline)] public static bool IsZero(Lane512 a) => a.Value.AsUInt32() == Words.Zero;
    [MethodImpl(Inline)] public static bool AnyMoreInt(Lane512 a, Lane512 b) => Vector512.GreaterThanAny(a.Value.AsInt32(), b.Value.AsInt32());

    [MethodImpl(Inline)]
    public static long SumInt(Lane512 a)
    {
        var (lower, upper) = Vector512.Widen(a.Value.AsInt32());
        return Vector512.Sum(lower + upper);
    }

    [MethodImpl(Inline)]
    public static int LargestInt(Lane512 a) =>
        Lane256.LargestInt(Unsafe.BitCast<Vector256<int>, Lane256>(Vector256.Max(a.Value.AsInt32().GetLower(), a.Value.AsInt32().GetUpper())));

    // In double precision, so that little is left to round: 1 − 2/(e^2|x| + 1), and a series where that is small.
    private static Doubles Tanh(Doubles x)
    {
        var (one, square) = (Doubles.One, x * x);
        var large = Vector512.CopySign(one - Vector512.Create(2.0)
            / (Vector512.Exp(Vector512.Min(Vector512.Abs(x) * 2, Vector512.Create(40.0))) + one), x);
        var small = x - x * square * (Vector512.Create(1 / 3.0) - square * (2 / 15.0));
        return Vector512.ConditionalSelect(Vector512.LessThan(square, Vector512.Create(1 / 4096.0)), small, large);
    }

    private static Doubles Pow(Doubles a, Doubles b) => Vector512.ConditionalSelect(
        Vector512.Equals(a, Doubles.One) | Vector512.Equals(b, Doubles.Zero), Doubles.One, Vector512.Exp(b * Vector512.Log(a)));
}
