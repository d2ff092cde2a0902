using static TorchSharp.torch;

namespace AnalogTorch.Checkpoints;

/// <summary>The state of torch's own generator in host memory, which dropout layers and user code draw from.</summary>
/// <remarks>TorchSharp 0.107.0 gives no way to the generators of CUDA devices.</remarks>
internal static class GeneratorEntry
{
    /// <summary>The state as bytes.</summary>
    public static byte[] Bytes()
    {
        using var state = get_rng_state();
        return state.bytes.ToArray();
    }

    /// <summary>A state from bytes, in the caller's dispose scope, which a generator has accepted.</summary>
    public static Tensor State(byte[] bytes)
    {
        var state = tensor(bytes, ScalarType.Byte);
        using var trial = new Generator(0);
        try
        {
            trial.set_state(state);
        }
        catch (Exception exception)
        {
            throw new CheckpointFault("is damaged: it holds no state of torch's generator", inner: exception);
        }
        return state;
    }

    /// <summary>Lets the generator go on from a state.</summary>
    public static void Set(Tensor state) => set_rng_state(state);
}
