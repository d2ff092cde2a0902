using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AnalogTorch.Kernels;

/// <summary>Sixteen floats in a register: the lane of the fused engine.</summary>
/// <remarks>Without AVX-512 the runtime splits each operation into halves or quarters; the bits stay the same.</remarks>
internal readonly struct VectorLane(Vector512<float> value) : ILane<VectorLane>
{
    public const int Width = 16;

    public readonly Vector512<float> Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator VectorLane(float value) => new(Vector512.Create(value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator VectorLane(Vector512<float> value) => new(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator +(VectorLane a, VectorLane b) => a.Value + b.Value;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator -(VectorLane a, VectorLane b) => a.Value - b.Value;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator *(VectorLane a, VectorLane b) => a.Value * b.Value;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator /(VectorLane a, VectorLane b) => a.Value / b.Value;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane operator -(VectorLane a) => -a.Value;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Min(VectorLane a, VectorLane b) => Vector512.MinNative(a.Value, b.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Max(VectorLane a, VectorLane b) => Vector512.MaxNative(a.Value, b.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Abs(VectorLane a) => Vector512.Abs(a.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Floor(VectorLane a) => Vector512.Floor(a.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Exp(VectorLane a) => Vector512.Exp(a.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Sqrt(VectorLane a) => Vector512.Sqrt(a.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane IfLess(VectorLane a, VectorLane b, VectorLane then, VectorLane otherwise) =>
        Vector512.ConditionalSelect(Vector512.LessThan(a.Value, b.Value), then.Value, otherwise.Value);

    public static VectorLane Gather(float[] table, VectorLane index)
    {
        Span<float> gathered = stackalloc float[Width];
        for (var lane = 0; lane < Width; lane++)
            gathered[lane] = table[(int)index.Value.GetElement(lane)];
        return Vector512.Create<float>(gathered);
    }
}
