using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>The trains of one batch on all lines of an array, in buffers that are used again and again.</summary>
/// <remarks>The constant input that a bias stands on has a line of its own.</remarks>
/// <param name="inputs">Number of inputs.</param>
/// <param name="outputs">Number of outputs.</param>
public sealed class PulseTrains(long inputs, long outputs) : IDisposable
{
    private readonly int inputStride = Pad(inputs), outputStride = Pad(outputs);
    private int capacity;
    private DeviceType deviceType;

    /// <summary>Words of the inputs [samples or more, inputs padded to 16].</summary>
    public Tensor Inputs { get; private set; } = null!;

    /// <summary>Words of the outputs [samples or more, outputs padded to 16].</summary>
    public Tensor Outputs { get; private set; } = null!;

    /// <summary>Words of the bias line [samples or more, 16]; the first of each row counts.</summary>
    public Tensor Bias { get; private set; } = null!;

    /// <summary>Number of inputs.</summary>
    public int InputCount => (int)inputs;

    /// <summary>Number of outputs.</summary>
    public int OutputCount => (int)outputs;

    /// <summary>Number of samples drawn.</summary>
    public int Samples { get; private set; }

    /// <summary>The trains as the array of weights sees them.</summary>
    public TrainPair ForWeights => new(Inputs, inputStride, Outputs, outputStride, Samples);

    /// <summary>The trains as the biases see them: one line of constant input, and a bias for each output.</summary>
    public TrainPair ForBias => new(Outputs, outputStride, Bias, Wide.MostLanes, Samples);

    /// <summary>Makes room for a batch on a torch device.</summary>
    public void Resize(int samples, Device device)
    {
        Samples = samples;
        if (capacity >= samples && deviceType == device.type)
            return;
        Dispose();
        using var scope = NewDisposeScope();
        Inputs = zeros([samples, inputStride], ScalarType.Int32, device).DetachFromDisposeScope();
        Outputs = zeros([samples, outputStride], ScalarType.Int32, device).DetachFromDisposeScope();
        Bias = zeros([samples, Wide.MostLanes], ScalarType.Int32, device).DetachFromDisposeScope();
        (capacity, deviceType) = (samples, device.type);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (capacity == 0)
            return;
        Inputs.Dispose();
        Outputs.Dispose();
        Bias.Dispose();
        capacity = 0;
    }

    private static int Pad(long lines) => (int)(lines + Wide.MostLanes - 1) / Wide.MostLanes * Wide.MostLanes;
}
