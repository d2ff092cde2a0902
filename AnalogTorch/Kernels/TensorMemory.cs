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

/// <summary>A plane of element parameters in host memory.</summary>
internal readonly unsafe struct PlaneMemory
{
    private readonly float* numbers; // one an element, or null
    private readonly ushort* codes; // one an element, or null
    private readonly float* range; // smallest value and step of the codes, or the one number for all; read anew, since loading a model changes it

    public PlaneMemory(ParameterPlane plane)
    {
        if (plane.Range is not null)
        {
            codes = TensorMemory.Pointer<ushort>(plane.Values);
            range = TensorMemory.Pointer<float>(plane.Range);
        }
        else if (plane.Values.NumberOfElements == 1)
        {
            range = TensorMemory.Pointer<float>(plane.Values);
        }
        else
        {
            numbers = TensorMemory.Pointer<float>(plane.Values);
        }
    }

    public float At(long index) => codes is not null ? codes[index] * range[1] + range[0] : numbers is not null ? numbers[index] : *range;

    /// <summary>The parameters of elements in a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load<T>(long index) where T : struct, IWide<T> =>
        codes is not null ? T.FromInt(T.LoadWords(codes + index)) * range[1] + range[0] : numbers is not null ? T.Load(numbers + index) : *range;

    /// <summary>The same where fewer elements are left than a register has lanes; the other lanes hold 1, so that no formula divides by zero in them.</summary>
    public T LoadPart<T>(long index, int count) where T : struct, IWide<T>
    {
        var part = stackalloc float[T.Width];
        for (var lane = 0; lane < T.Width; lane++)
            part[lane] = lane < count ? At(index + lane) : 1;
        return T.Load(part);
    }
}

/// <summary>Loads and stores of registers that reach over the end of an array.</summary>
internal static unsafe class VectorMemory
{
    /// <summary>The lanes beyond the count hold 1, unless told otherwise, so that no formula divides by zero in them.</summary>
    public static T LoadPart<T>(float* source, int count, float beyond = 1) where T : struct, IWide<T>
    {
        var part = stackalloc float[T.Width];
        T.Store(beyond, part);
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(part, T.Width));
        return T.Load(part);
    }

    public static void StorePart<T>(T lanes, float* target, int count) where T : struct, IWide<T>
    {
        var part = stackalloc float[T.Width];
        T.Store(lanes, part);
        new ReadOnlySpan<float>(part, count).CopyTo(new Span<float>(target, count));
    }
}
