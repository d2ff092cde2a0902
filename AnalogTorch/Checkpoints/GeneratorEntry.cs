using System.Buffers.Binary;
using static TorchSharp.torch;

namespace AnalogTorch.Checkpoints;

/// <summary>The state of torch's own generator in host memory, which dropout layers and user code draw from.</summary>
/// <remarks>
/// TorchSharp 0.107.0 gives no way to the generators of CUDA devices. torch ends the process when it is given a state that cannot be, and reads beyond its
/// numbers in one whose counts do not belong together, so the state is looked at here: the layout is that of <c>CPUGeneratorImplState</c>,
/// https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/CPUGeneratorImpl.cpp.
/// </remarks>
internal static class GeneratorEntry
{
    private const int Length = 5056, LeftAt = 8, SeededAt = 12, NextAt = 16, NumbersAt = 24, Numbers = 624, NormalIsValidAt = 5040, FloatIsValidAt = 5052;

    /// <summary>The state as bytes.</summary>
    public static byte[] Bytes()
    {
        using var state = get_rng_state();
        return state.bytes.ToArray();
    }

    /// <summary>A state from bytes, in the caller's dispose scope, which a generator can go on from.</summary>
    public static Tensor State(byte[] bytes) =>
        IsSound(bytes) ? tensor(bytes, ScalarType.Byte) : throw new CheckpointFault("is damaged: it holds no state of torch's generator");

    /// <summary>Lets the generator go on from a state.</summary>
    public static void Set(Tensor state) => set_rng_state(state);

    private static bool IsSound(ReadOnlySpan<byte> state)
    {
        if (state.Length != Length)
            return false;
        // One number fewer than `left` is taken from `next` on before all are made anew.
        var (left, next) = (BinaryPrimitives.ReadInt32LittleEndian(state[LeftAt..]), BinaryPrimitives.ReadInt64LittleEndian(state[NextAt..]));
        if (left is < 1 or > Numbers || next is < 0 or > Numbers || left + next > Numbers + 1 || BinaryPrimitives.ReadInt32LittleEndian(state[SeededAt..]) != 1)
            return false;
        for (var i = 0; i < Numbers; i++)
            if (BinaryPrimitives.ReadUInt64LittleEndian(state[(NumbersAt + 8 * i)..]) > uint.MaxValue)
                return false;
        return BinaryPrimitives.ReadInt32LittleEndian(state[NormalIsValidAt..]) is 0 or 1 && state[FloatIsValidAt] is 0 or 1;
    }
}
