using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>Host memory of contiguous tensors, for the CPU engines alone.</summary>
/// <remarks>Tensor memory never moves; the caller keeps the tensor alive while it uses the pointer.</remarks>
internal static unsafe class TensorMemory
{
    /// <summary>Address of the first element.</summary>
    public static T* Pointer<T>(Tensor tensor) where T : unmanaged =>
        (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));

    /// <summary>Address of the first element, or null for no tensor.</summary>
    public static T* PointerOrNull<T>(Tensor? tensor) where T : unmanaged => tensor is null ? null : Pointer<T>(tensor);
}

/// <summary>A plane of element parameters in host memory: one number an element, or one for all.</summary>
internal readonly unsafe struct Plane(Tensor tensor)
{
    private readonly float* memory = TensorMemory.Pointer<float>(tensor);
    private readonly bool uniform = tensor.NumberOfElements == 1;

    public float At(long index) => uniform ? *memory : memory[index];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public VectorLane Load(long index, int count) => uniform ? *memory : VectorMemory.Load(memory + index, count);
}

/// <summary>Loads and stores of registers that may reach over the end of a row.</summary>
internal static unsafe class VectorMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VectorLane Load(float* source, int count) =>
        count >= VectorLane.Width ? System.Runtime.Intrinsics.Vector512.Load(source) : LoadPart(source, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(VectorLane lane, float* target, int count)
    {
        if (count >= VectorLane.Width)
            System.Runtime.Intrinsics.Vector512.Store(lane.Value, target);
        else
            StorePart(lane, target, count);
    }

    // Unused lanes hold 1, so that no formula divides by zero in them.
    private static VectorLane LoadPart(float* source, int count)
    {
        var part = stackalloc float[VectorLane.Width];
        for (var lane = 0; lane < VectorLane.Width; lane++)
            part[lane] = lane < count ? source[lane] : 1;
        return System.Runtime.Intrinsics.Vector512.Load(part);
    }

    private static void StorePart(VectorLane lane, float* target, int count)
    {
        var part = stackalloc float[VectorLane.Width];
        System.Runtime.Intrinsics.Vector512.Store(lane.Value, part);
        for (var i = 0; i < count; i++)
            target[i] = part[i];
    }
}
