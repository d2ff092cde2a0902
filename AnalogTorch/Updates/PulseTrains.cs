using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>The trains of one batch on all lines of an array, in buffers that are used again and again.</summary>
/// <remarks>The constant input that a bias stands on has a line of its own.</remarks>
/// <param name="inputs">Number of inputs of each group.</param>
/// <param name="outputs">Number of outputs of all groups.</param>
/// <param name="groups">Groups of outputs that have inputs of their own.</param>
public sealed class PulseTrains(long inputs, long outputs, int groups = 1) : IDisposable
{
    private readonly int inputStride = groups * LinesOfGroup(inputs), outputStride = Pad(outputs);
    private int capacity;
    private DeviceType deviceType;

    /// <summary>Words of the inputs [samples or more, inputs padded to 16].</summary>
    public Tensor Inputs { get; private set; } = null!;

    /// <summary>Words of the outputs [samples or more, outputs padded to 16].</summary>
    public Tensor Outputs { get; private set; } = null!;

    /// <summary>Words of the bias line [samples or more, 16]; the first of each row counts.</summary>
    public Tensor Bias { get; private set; } = null!;

    /// <summary>Values of one sample that become trains: the inputs; with several groups, those of each padded with zeros to 16.</summary>
    public int InputCount => groups == 1 ? (int)inputs : inputStride;

    /// <summary>Number of inputs of each group.</summary>
    public int InputsOfGroup => (int)inputs;

    /// <summary>Groups of outputs that have inputs of their own.</summary>
    public int Groups => groups;

    /// <summary>Whether biases stand on a line of constant input 1; without it, how pulses are shared goes by the inputs alone.</summary>
    public bool HasBias { get; set; } = true;

    /// <summary>Number of outputs.</summary>
    public int OutputCount => (int)outputs;

    /// <summary>Number of samples drawn.</summary>
    public int Samples { get; private set; }

    /// <summary>Slots that trains of a length of their own took so far, over all samples; schemes whose trains are all of one length do not count.</summary>
    public long SlotsSent { get; set; }

    /// <summary>The trains as the array of weights sees them.</summary>
    public TrainPair ForWeights => new(Inputs, inputStride, Outputs, outputStride, Samples, groups);

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

    /// <summary>Values that the inputs of one group take up in a sample: with several groups they are padded, so that no register reaches into the next.</summary>
    public static int LinesOfGroup(long inputs) => Pad(inputs);

    private static int Pad(long lines) => (int)(lines + Wide.MostLanes - 1) / Wide.MostLanes * Wide.MostLanes;
}
