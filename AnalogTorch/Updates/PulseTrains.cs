using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>The trains of one batch on all lines of an array, in buffers that are used again and again.</summary>
/// <remarks>The constant input that a bias stands on has a line of its own.</remarks>
/// <param name="inputs">Number of inputs.</param>
/// <param name="outputs">Number of outputs.</param>
public sealed class PulseTrains(long inputs, long outputs) : IDisposable
{
    private Tensor? buffers;

    /// <summary>Words of the inputs [samples or more, inputs padded to 16].</summary>
    public Tensor Inputs { get; private set; } = null!;

    /// <summary>Words of the outputs [samples or more, outputs padded to 16].</summary>
    public Tensor Outputs { get; private set; } = null!;

    /// <summary>Words of the bias line [samples or more, 16]; the first of each row counts.</summary>
    public Tensor Bias { get; private set; } = null!;

    /// <summary>Number of samples drawn.</summary>
    public int Samples { get; private set; }

    /// <summary>The trains as the array of weights sees them.</summary>
    public TrainPair ForWeights => new(Inputs, Outputs, Samples);

    /// <summary>The trains as the biases see them: one line of constant input, and a bias for each output.</summary>
    public TrainPair ForBias => new(Outputs, Bias, Samples);

    /// <summary>Makes room for a batch on a torch device.</summary>
    public void Resize(int samples, Device device)
    {
        Samples = samples;
        if (Inputs is not null && Inputs.shape[0] >= samples && Inputs.device.type == device.type)
            return;
        Dispose();
        long width = Pad(inputs), height = Pad(outputs);
        using var scope = NewDisposeScope();
        Inputs = zeros([samples, width], ScalarType.Int32, device).DetachFromDisposeScope();
        Outputs = zeros([samples, height], ScalarType.Int32, device).DetachFromDisposeScope();
        Bias = zeros([samples, VectorLane.Width], ScalarType.Int32, device).DetachFromDisposeScope();
        buffers = Inputs;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (buffers is null)
            return;
        Inputs.Dispose();
        Outputs.Dispose();
        Bias.Dispose();
        buffers = null;
    }

    private static long Pad(long lines) => (lines + VectorLane.Width - 1) / VectorLane.Width * VectorLane.Width;
}
