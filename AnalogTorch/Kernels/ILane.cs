namespace AnalogTorch.Kernels;

/// <summary>The number that physics is written on: one float, a register of floats, or a torch tensor.</summary>
/// <remarks>
/// A formula that is generic over this type is the only statement of its physics; the engines differ in how they loop.
/// </remarks>
/// <typeparam name="T">The implementing type itself.</typeparam>
public interface ILane<T> where T : struct, ILane<T>
{
#pragma warning disable CS1591 // Arithmetic is what it is on real numbers.
    static abstract implicit operator T(float value);
    static abstract T operator +(T a, T b);
    static abstract T operator -(T a, T b);
    static abstract T operator *(T a, T b);
    static abstract T operator /(T a, T b);
    static abstract T operator -(T a);
    static abstract T Min(T a, T b);
    static abstract T Max(T a, T b);
    static abstract T Abs(T a);
    static abstract T Floor(T a);
    static abstract T Exp(T a);
    static abstract T Sqrt(T a);
#pragma warning restore CS1591

    /// <summary>a·b + c, rounded once where the processor can.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary><paramref name="then"/> where a &lt; b, else <paramref name="otherwise"/>.</summary>
    static abstract T IfLess(T a, T b, T then, T otherwise);

    /// <summary>The elements of <paramref name="table"/> at the whole numbers <paramref name="index"/>.</summary>
    static abstract T Gather(float[] table, T index);
}
