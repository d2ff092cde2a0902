using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Periphery;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>One weight matrix on an array of unit cells: reads forward and backward, and takes pulse updates.</summary>
/// <remarks>
/// The tile writes its effective weights into the tensors of the layer's own parameters, so a checkpoint of the layer holds them
/// under their usual names. Backward keeps (x, δ) until <see cref="Update"/> turns them into pulses or <see cref="DropPending"/>
/// forgets them.
/// </remarks>
public sealed class AnalogTile : Tile
{
    private const string Key = "key", Reads = "reads", Evaluations = "evaluations";
    private readonly TensorStore state = new(Key, Reads, Evaluations);
    private readonly CellArray cells;
    private readonly CellArray? biasCells;
    private readonly PulseTrains trains;
    private readonly List<(Tensor X, Tensor Delta)> pending = [];
    private IntPtr boundWeight, boundBias;

    /// <summary>Builds the hardware and writes the present values of the parameters into it.</summary>
    /// <param name="config">The hardware.</param>
    /// <param name="name">The layer's name, for messages and for the random streams.</param>
    /// <param name="weight">Weights [outputs, inputs], which the tile writes into from now on.</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="rng">The stream of this tile.</param>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix.</exception>
    public AnalogTile(TileConfig config, string name, Tensor weight, Tensor? bias, Rng rng) : base(name, weight)
    {
        Check(config, name, weight, bias);
        Config = config;
        state.Counter(Key) = unchecked((long)rng.Key);
        trains = new PulseTrains(Inputs, Outputs);
        using var noGrad = no_grad();
        cells = Build(weight.detach(), "weights");
        if (bias is not null && config.Bias is AnalogBias)
            biasCells = Build(bias.detach().view(1, -1), "bias");
        state.Disposing += Dispose;
        (boundWeight, boundBias) = (weight.Handle, bias?.Handle ?? 0);
    }

    /// <summary>The hardware.</summary>
    public TileConfig Config { get; }

    /// <inheritdoc/>
    public override HardwareConfig Hardware => Config;

    /// <inheritdoc/>
    public override nn.Module State => state;

    /// <summary>The cells of the weights.</summary>
    public CellArray Cells => cells;

    /// <summary>The cells of the bias; null if the bias is digital or there is none.</summary>
    public CellArray? BiasCells => biasCells;

    /// <inheritdoc/>
    public override long WeightCount => Outputs * (Inputs + (biasCells is null ? 0 : 1));

    /// <summary>Number of devices; shared reference devices count once.</summary>
    public override long DeviceCount => (long)Math.Ceiling(WeightCount * Config.Cell.DevicesPerWeight);

    /// <summary>Whether an optimizer has taken charge of the updates.</summary>
    public bool HasOptimizer { get; set; }

    /// <summary>Learning examples that wait for an update.</summary>
    public int PendingUpdates => pending.Count;

    /// <summary>Reads the array.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="weight">The layer's weights as they are now.</param>
    /// <param name="bias">The layer's bias as it is now, or null.</param>
    /// <param name="training">Whether this is a read of training; the noise of others does not change that of a training.</param>
    public Tensor Forward(Tensor x, Tensor weight, Tensor? bias, bool training)
    {
        Follow(weight, bias);
        var stream = Stream.Split(training ? "forward" : "evaluate").Split(state.Counter(training ? Reads : Evaluations)++);
        if (Config.Bias is AnalogBias)
            return Config.Forward.Read(x, weight, bias, stream);
        var y = Config.Forward.Read(x, weight, null, stream);
        return bias is null ? y : y.add_(bias);
    }

    /// <summary>Reads the array from the output side.</summary>
    /// <param name="delta">Gradients by the outputs [samples, outputs].</param>
    /// <param name="weight">The layer's weights as they are now.</param>
    /// <returns>Gradients by the inputs [samples, inputs].</returns>
    public Tensor Backward(Tensor delta, Tensor weight) =>
        Config.Backward.Read(delta, weight.t(), null, Stream.Split("backward").Split(state.Counter(Reads)++));

    /// <summary>Keeps an example for the next update; the tile owns the tensors from now on.</summary>
    public void Keep(Tensor x, Tensor delta) => pending.Add((x.DetachFromDisposeScope(), delta.DetachFromDisposeScope()));

    /// <summary>Throws what went wrong in the last backward pass, if anything did.</summary>
    public void ThrowIfFaulted()
    {
        if (TakeFault() is not { } fault)
            return;
        DropPending();
        throw fault;
    }

    /// <summary>Turns the kept examples into pulses.</summary>
    /// <param name="rate">Learning rate.</param>
    public void Update(double rate)
    {
        ThrowIfFaulted();
        foreach (var (x, delta) in pending)
        {
            if (rate == 0)
                continue;
            Config.Update.Apply(x, delta, rate, Stream.Split("trains").Split(cells.Steps), trains, cells, biasCells);
        }
        DropPending();
    }

    /// <summary>Forgets the kept examples.</summary>
    public void DropPending()
    {
        foreach (var (x, delta) in pending)
        {
            x.Dispose();
            delta.Dispose();
        }
        pending.Clear();
    }

    /// <summary>Writes the present values of the parameters into the devices, as after loading digital weights into them.</summary>
    /// <param name="weight">The layer's weights as they are now.</param>
    /// <param name="bias">The layer's bias as it is now, or null.</param>
    public void Write(Tensor weight, Tensor? bias)
    {
        Check(Config, Name, weight, bias);
        Follow(weight, bias);
        foreach (var array in new[] { cells, biasCells })
        {
            if (array is null)
                continue;
            using var targets = array.Weights.clone();
            array.Write(targets);
        }
    }

    /// <summary>Starts, or restarts, to count the pulses of every weight.</summary>
    public void CountPulses()
    {
        cells.CountPulses();
        biasCells?.CountPulses();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        DropPending();
        trains.Dispose();
        cells.Dispose();
        biasCells?.Dispose();
        state.Dispose();
    }

    /// <summary>Refuses what no tile can be built from.</summary>
    internal static void Check(TileConfig config, string name, Tensor weight, Tensor? bias)
    {
        Check(name, "be written into an analog tile", weight, config.Bias is AnalogBias ? bias : null);
        config.CheckAll();
    }

    internal override string Kind => "analog";

    internal override string Note => Config.Cell.GetType().Name;

    private protected override AnalogPath ForwardPath => Config.Forward;

    private protected override Tensor ApplyRows(Tensor x, Tensor weight, Tensor? bias, bool training) => TileFunction.Apply(this, x, weight, bias, training);

    private Rng Stream => new(unchecked((ulong)state.Counter(Key)));

    /// <summary>Follows the parameters when the layer was moved to another torch device.</summary>
    private void Follow(Tensor weight, Tensor? bias)
    {
        if (weight.Handle != boundWeight)
        {
            cells.Rebind(weight.detach().DetachFromDisposeScope());
            boundWeight = weight.Handle;
        }
        if (bias is not null && biasCells is not null && bias.Handle != boundBias)
        {
            biasCells.Rebind(bias.detach().view(1, -1).DetachFromDisposeScope());
            boundBias = bias.Handle;
        }
    }

    private CellArray Build(Tensor weights, string role)
    {
        using var targets = weights.clone();
        var built = Config.Cell.Scaled(Config.Scaling.Of(Inputs)).Build(Stream.Split(role), weights.DetachFromDisposeScope());
        built.Write(targets);
        state.register_module(role, built.State);
        return built;
    }
}
