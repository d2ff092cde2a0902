using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
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
    private readonly CellArray cells;
    private readonly CellArray? biasCells;
    private readonly PulseTrains trains;
    private readonly List<(LearningExample Example, bool Weights, bool Bias)> pending = [];
    private IntPtr boundWeight, boundBias;

    /// <summary>Builds the hardware and writes the present values of the parameters into it.</summary>
    /// <param name="config">The hardware.</param>
    /// <param name="name">The layer's name, for messages and for the random streams.</param>
    /// <param name="weight">Weights [outputs, …], which the tile writes into from now on.</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="rng">The stream of this tile.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own.</param>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix.</exception>
    public AnalogTile(TileConfig config, string name, Tensor weight, Tensor? bias, Rng rng, long groups = 1) : base(config, name, weight, bias, groups, persistent: true, rng)
    {
        Check(config, name, weight, bias);
        Config = config;
        trains = new PulseTrains(Inputs, Outputs, (int)groups);
        using var noGrad = no_grad();
        cells = Build(Matrix(weight.detach()), "weights");
        if (HasAnalogBias)
            biasCells = Build(bias!.detach().view(1, -1), "bias");
        (boundWeight, boundBias) = (weight.Handle, bias?.Handle ?? 0);
    }

    /// <summary>The hardware.</summary>
    public TileConfig Config { get; }

    /// <summary>The cells of the weights.</summary>
    public CellArray Cells => cells;

    /// <summary>The cells of the bias; null if the bias is digital or there is none.</summary>
    public CellArray? BiasCells => biasCells;

    /// <summary>Whether an optimizer has taken charge of the updates.</summary>
    public bool HasOptimizer { get; set; }

    /// <summary>Learning examples that wait for an update.</summary>
    public int PendingUpdates => pending.Count;

    /// <summary>Keeps an example for the next update; the tile owns the tensors from now on.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="delta">Gradients of the loss by the outputs [samples, outputs].</param>
    public void Keep(Tensor x, Tensor delta) => pending.Add((new RowExample(x, delta), true, true));

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
        if (rate != 0)
        {
            foreach (var (example, learnsWeights, learnsBias) in pending)
            {
                IUpdatable weights = learnsWeights ? cells : new FrozenCells(cells);
                var bias = biasCells is null || learnsBias ? (IUpdatable?)biasCells : new FrozenCells(biasCells);
                foreach (var (x, delta) in example.Batches())
                {
                    Config.Update.Apply(x, delta, rate, Stream.Split("trains").Split(cells.Steps), trains, weights, bias);
                    x.Dispose();
                    delta.Dispose();
                }
            }
        }
        DropPending();
    }

    /// <summary>Forgets the kept examples.</summary>
    public void DropPending()
    {
        foreach (var (example, _, _) in pending)
            example.Dispose();
        pending.Clear();
    }

    /// <summary>Writes the present values of the parameters into the devices, as after loading digital weights into them.</summary>
    /// <param name="weight">The layer's weights as they are now.</param>
    /// <param name="bias">The layer's bias as it is now, or null.</param>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix.</exception>
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
        base.Dispose();
    }

    /// <summary>Refuses what no tile can be built from.</summary>
    internal static void Check(TileConfig config, string name, Tensor weight, Tensor? bias)
    {
        Check(name, "be written into an analog tile", weight, config.Bias is AnalogBias ? bias : null);
        config.CheckAll();
    }

    internal override string Kind => "analog";

    internal override bool LearnsByGradient => false;

    private protected override AnalogPath ConfiguredPath => Config.Forward;

    internal override AnalogPath BackwardPath => Config.Backward;

    internal override Tensor WeightsOf(TileCall call) => cells.Weights;

    internal override Tensor BiasOf(TileCall call) => call.Bias!;

    internal override OutputScale? UnitsFor(TileCall call) => null;

    internal override Tensor OwnWeightsOf(TileCall call) => cells.Weights.alias();

    internal override void Keep(TileCall call, LearningExample example) => pending.Add((example, call.Learns.Weights, call.Learns.Bias));

    private protected override void OnBegin(Tensor weight, Tensor? bias, bool learns)
    {
        if (learns && PendingUpdates > 0 && !HasOptimizer)
            throw new InvalidOperationException($"{Name}: its weights are analog, and no optimizer updates them; train with AnalogSGD(model.parameters(), ...) made after ToAnalog, or freeze the layer with requires_grad = false for weight and bias.");
        Follow(weight, bias);
    }

    /// <summary>Follows the parameters when the layer was moved to another torch device.</summary>
    private void Follow(Tensor weight, Tensor? bias)
    {
        if (weight.Handle != boundWeight)
        {
            cells.Rebind(Matrix(weight.detach()).DetachFromDisposeScope());
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
        State.register_module(role, built.State);
        return built;
    }

    /// <summary>Cells that receive no pulses, but live through the time of the examples.</summary>
    private sealed class FrozenCells(CellArray cells) : IUpdatable
    {
        public double WeightStep => cells.WeightStep;

        public void Update(TrainPair trains, double size = 1) => cells.Idle(trains.Samples);

        public void Add(Tensor change, int samples) => cells.Idle(samples);
    }
}
