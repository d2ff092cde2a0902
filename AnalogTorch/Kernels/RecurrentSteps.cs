using System.Runtime.CompilerServices;

namespace AnalogTorch.Kernels;

/// <summary>Long short-term memory, gates in torch's order i, f, g, o (Hochreiter, Schmidhuber 1997; Gers et al. 2000).</summary>
internal readonly struct LstmStep : IRecurrentStep<LstmStep>
{
    public static int GateCount => 4;

    public static int SavedCount => 4;

    public static bool HasCell => true;

    public static bool HasTwoErrors => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Gates<T> Forward<T>(in Gates<T> input, in Gates<T> recurrent, ref T hidden, ref T cell) where T : struct, ILane<T>
    {
        T i = Activation.Sigmoid(input.A + recurrent.A), f = Activation.Sigmoid(input.B + recurrent.B);
        T g = Activation.Tanh(input.C + recurrent.C), o = Activation.Sigmoid(input.D + recurrent.D);
        cell = f * cell + i * g;
        hidden = o * Activation.Tanh(cell);
        return new(i, f, g, o);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Gates<T> Input, Gates<T> Recurrent) Backward<T>(
        in Gates<T> saved, T hiddenBefore, T hiddenAfter, T cellBefore, T cellAfter, ref T dHidden, ref T dCell) where T : struct, ILane<T>
    {
        T i = saved.A, f = saved.B, g = saved.C, o = saved.D, one = 1f;
        var squashed = Activation.Tanh(cellAfter);
        dCell += dHidden * o * (one - squashed * squashed);
        var error = new Gates<T>(dCell * g * i * (one - i), dCell * cellBefore * f * (one - f), dCell * i * (one - g * g), dHidden * squashed * o * (one - o));
        dCell *= f;
        dHidden = 0f;
        return (error, error);
    }
}

/// <summary>Gated recurrent unit, gates in torch's order r, z, n, the reset gate after the hidden weights (Cho et al. 2014).</summary>
internal readonly struct GruStep : IRecurrentStep<GruStep>
{
    public static int GateCount => 3;

    public static int SavedCount => 4;

    public static bool HasCell => false;

    public static bool HasTwoErrors => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Gates<T> Forward<T>(in Gates<T> input, in Gates<T> recurrent, ref T hidden, ref T cell) where T : struct, ILane<T>
    {
        T r = Activation.Sigmoid(input.A + recurrent.A), z = Activation.Sigmoid(input.B + recurrent.B);
        var n = Activation.Tanh(input.C + r * recurrent.C);
        hidden = n + z * (hidden - n);
        return new(r, z, n, recurrent.C);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Gates<T> Input, Gates<T> Recurrent) Backward<T>(
        in Gates<T> saved, T hiddenBefore, T hiddenAfter, T cellBefore, T cellAfter, ref T dHidden, ref T dCell) where T : struct, ILane<T>
    {
        T r = saved.A, z = saved.B, n = saved.C, one = 1f;
        var dn = dHidden * (one - z) * (one - n * n);
        var dz = dHidden * (hiddenBefore - n) * z * (one - z);
        var dr = dn * saved.D * r * (one - r);
        dHidden *= z;
        return (new(dr, dz, dn, 0f), new(dr, dz, dn * r, 0f));
    }
}

/// <summary>The plain recurrent unit with tanh (Elman 1990).</summary>
internal readonly struct TanhStep : IRecurrentStep<TanhStep>
{
    public static int GateCount => 1;

    public static int SavedCount => 0;

    public static bool HasCell => false;

    public static bool HasTwoErrors => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Gates<T> Forward<T>(in Gates<T> input, in Gates<T> recurrent, ref T hidden, ref T cell) where T : struct, ILane<T>
    {
        hidden = Activation.Tanh(input.A + recurrent.A);
        return default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Gates<T> Input, Gates<T> Recurrent) Backward<T>(
        in Gates<T> saved, T hiddenBefore, T hiddenAfter, T cellBefore, T cellAfter, ref T dHidden, ref T dCell) where T : struct, ILane<T>
    {
        T one = 1f, zero = 0f;
        var error = new Gates<T>(dHidden * (one - hiddenAfter * hiddenAfter), zero, zero, zero);
        dHidden = zero;
        return (error, error);
    }
}

/// <summary>The plain recurrent unit with a rectifier.</summary>
internal readonly struct ReluStep : IRecurrentStep<ReluStep>
{
    public static int GateCount => 1;

    public static int SavedCount => 0;

    public static bool HasCell => false;

    public static bool HasTwoErrors => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Gates<T> Forward<T>(in Gates<T> input, in Gates<T> recurrent, ref T hidden, ref T cell) where T : struct, ILane<T>
    {
        hidden = T.Max(0f, input.A + recurrent.A);
        return default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Gates<T> Input, Gates<T> Recurrent) Backward<T>(
        in Gates<T> saved, T hiddenBefore, T hiddenAfter, T cellBefore, T cellAfter, ref T dHidden, ref T dCell) where T : struct, ILane<T>
    {
        T zero = 0f;
        var error = new Gates<T>(T.IfLess(zero, hiddenAfter, dHidden, zero), zero, zero, zero);
        dHidden = zero;
        return (error, error);
    }
}

/// <summary>Squashing functions.</summary>
internal static class Activation
{
    private const float Largest = 40; // beyond which both have reached their limits, and exp is far from overflow

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : struct, ILane<T>
    {
        T one = 1f;
        return one / (one + T.Exp(-Limited(x)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : struct, ILane<T>
    {
        T one = 1f, two = 2f;
        return two / (one + T.Exp(-two * Limited(x))) - one;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Limited<T>(T x) where T : struct, ILane<T> => T.Min(Largest, T.Max(-Largest, x)); // in this order NaN stays NaN
}
