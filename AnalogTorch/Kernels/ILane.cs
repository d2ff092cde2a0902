namespace AnalogTorch.Kernels;

/// <summary>The number that physics is written on: one float, a register of floats, or a torch tensor.</summary>
/// <remarks>
/// A formula that is generic over this type is what every engine runs; the engines differ in how they loop. Registers of all widths and the
/// single float give the same bits: Tanh and Pow within one unit in the last place of the true value over all floats, Exp and Log within two.
/// Torch has functions of its own, so that tensors are within four.
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
    static abstract T Sqrt(T a);
#pragma warning restore CS1591

    /// <summary>eᵃ.</summary>
    static abstract T Exp(T a);

    /// <summary>The natural logarithm: NaN below 0, −∞ at 0.</summary>
    static abstract T Log(T a);

    /// <summary>The hyperbolic tangent.</summary>
    static abstract T Tanh(T a);

    /// <summary>
    /// aᵇ of real numbers, e^(b·ln a): 1 where b is 0 or a is 1, NaN for every other power of a negative number, whole ones included.
    /// </summary>
    static abstract T Pow(T a, T b);

    /// <summary>a·b + c, rounded once where the processor can.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary><paramref name="then"/> where a &lt; b, else <paramref name="otherwise"/>.</summary>
    static abstract T IfLess(T a, T b, T then, T otherwise);

    /// <summary>The elements of <paramref name="table"/> at the whole numbers <paramref name="index"/>.</summary>
    static abstract T Gather(float[] table, T index);
}
