using AnalogTorch.Core;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>One digital weight matrix that is read as hardware would read it, and trained by gradients.</summary>
/// <remarks>
/// Noisy weights live in one matrix that every call fills anew, since fresh memory costs more than the noise. A backward pass that
/// finds another call's noise there draws its own again from its stream. In eval mode the tile holds no matrix at all.
/// </remarks>
public sealed class HardwareAwareTile : Tile
{
    private const string Key = "key", Reads = "reads", Evaluations = "evaluations";
    private const long Nothing = -1;
    private readonly TensorStore state = new(persistent: false, Key, Reads, Evaluations);
    private readonly bool hasBias;
    private Tensor? noisy;
    private long noisyRead = Nothing;

    /// <summary>Puts hardware between a layer and its weights.</summary>
    /// <param name="config">The hardware.</param>
    /// <param name="name">The layer's name, for messages and for the random streams.</param>
    /// <param name="weight">Weights [outputs, inputs].</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="rng">The stream of this tile.</param>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix.</exception>
    public HardwareAwareTile(HardwareAwareConfig config, string name, Tensor weight, Tensor? bias, Rng rng) : base(name, weight)
    {
        Check(config, name, weight, bias);
        (Config, hasBias) = (config, bias is not null);
        state.Counter(Key) = unchecked((long)rng.Key);
        state.Disposing += Dispose;
    }

    /// <summary>The hardware.</summary>
    public HardwareAwareConfig Config { get; }

    /// <inheritdoc/>
    public override HardwareConfig Hardware => Config;

    /// <summary>The random stream and how far it was used; no part of <c>state_dict</c>, whose names stay those of the digital model.</summary>
    public override nn.Module State => state;

    /// <inheritdoc/>
    public override long WeightCount => Outputs * (Inputs + (hasBias ? 1 : 0));

    /// <summary>None: devices come with programming.</summary>
    public override long DeviceCount => 0;

    /// <summary>Reads the weights.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="weight">The layer's weights as they are now.</param>
    /// <param name="bias">The layer's bias as it is now, or null.</param>
    /// <param name="training">Whether the weights are noisy; the noise of other reads does not change that of a training.</param>
    /// <returns>Outputs [samples, outputs], and the number of the read, which its backward needs.</returns>
    public (Tensor Y, long Read) Forward(Tensor x, Tensor weight, Tensor? bias, bool training)
    {
        if (training)
        {
            var read = state.Counter(Reads)++;
            return (Config.Forward.Read(x, Weights(weight, read), bias, ForwardStream(read)), read);
        }
        Release();
        return (Config.Forward.Read(x, weight, bias, Stream.Split("evaluate").Split(state.Counter(Evaluations)++)), Nothing);
    }

    /// <summary>Reads the weights from the output side.</summary>
    /// <param name="delta">Gradients by the outputs [samples, outputs].</param>
    /// <param name="weight">The layer's weights, unchanged since the forward read.</param>
    /// <param name="read">The number of the forward read.</param>
    /// <returns>Gradients by the inputs [samples, inputs].</returns>
    public Tensor Backward(Tensor delta, Tensor weight, long read)
    {
        using var transposed = Weights(weight, read).t();
        return Config.Backward.Read(delta, transposed, null, Stream.Split("backward").Split(read));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Release();
        state.Dispose();
    }

    /// <summary>Refuses what no tile can be built from.</summary>
    internal static void Check(HardwareAwareConfig config, string name, Tensor weight, Tensor? bias)
    {
        Check(name, "be read as an analog tile", weight, bias);
        config.CheckAll();
    }

    /// <summary>The values of all counters, for a checkpoint.</summary>
    internal long[] Counters
    {
        get => [state.Counter(Key), state.Counter(Reads), state.Counter(Evaluations)];
        set => (state.Counter(Key), state.Counter(Reads), state.Counter(Evaluations), noisyRead) = (value[0], value[1], value[2], Nothing);
    }

    internal override string Kind => "hardware-aware";

    internal override string Note => $"hardware-aware, {Config.WeightNoise.GetType().Name}";

    private protected override AnalogPath ForwardPath => Config.Forward;

    private protected override Tensor ApplyRows(Tensor x, Tensor weight, Tensor? bias, bool training)
    {
        if (TakeFault() is { } fault)
            throw fault;
        return HardwareAwareFunction.Apply(this, x, weight, bias, training);
    }

    private Rng Stream => new(unchecked((ulong)state.Counter(Key)));

    private Rng ForwardStream(long read) => Stream.Split("forward").Split(read);

    /// <summary>The weights as a read finds them.</summary>
    private Tensor Weights(Tensor weight, long read)
    {
        if (read == Nothing)
            return weight;
        if (read == noisyRead)
            return noisy!;
        noisyRead = Nothing;
        var weights = Config.WeightNoise.Draw(weight, () => Room(weight), ForwardStream(read).Split("weights"));
        if (ReferenceEquals(weights, noisy))
            noisyRead = read;
        return weights;
    }

    private Tensor Room(Tensor weight)
    {
        if (noisy is not null && (noisy.device_type != weight.device_type || noisy.device_index != weight.device_index))
            Release();
        return noisy ??= empty(weight.shape, device: weight.device).DetachFromDisposeScope();
    }

    private void Release()
    {
        noisy?.Dispose();
        (noisy, noisyRead) = (null, Nothing);
    }
}
