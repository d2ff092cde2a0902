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
public sealed partial class AnalogTile : Tile
{
    private readonly CellArray cells;
    private readonly CellArray? biasCells;
    private readonly PulseTrains trains;
    private const int MostPending = 10_000;
    private readonly List<PendingExample> pending = [];
    private readonly CellSeal[] seals;
    private Tensor? lastWeight, lastBias;

    /// <summary>Builds the hardware and writes the present values of the parameters into it.</summary>
    /// <param name="config">The hardware.</param>
    /// <param name="name">The layer's name, for messages and for the random streams.</param>
    /// <param name="weight">Weights [outputs, …], which the tile writes into from now on.</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="rng">The stream of this tile.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own.</param>
    /// <param name="layout">How the weights lie in the array; null for row by row.</param>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix.</exception>
    public AnalogTile(TileConfig config, string name, Tensor weight, Tensor? bias, Rng rng, long groups = 1, MatrixLayout? layout = null)
        : base(config, name, weight, bias, groups, layout, persistent: true, rng)
    {
        Check(config, name, weight, bias);
        Config = config;
        trains = new PulseTrains(Inputs, Outputs, (int)groups);
        using var noGrad = no_grad();
        cells = Build(Matrix(weight.detach()), "weights");
        if (HasAnalogBias)
            biasCells = Build(bias!.detach().view(1, -1), "bias");
        Publish(weight);
        Watcher.Accept(weight, BiasInArray(bias));
        seals = biasCells is null ? [new(cells, Name, "weights")] : [new(cells, Name, "weights"), new(biasCells, Name, "bias")];
        Seal();
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

    /// <summary>How often the devices were written because somebody gave the parameters other values, after the tile was built.</summary>
    public long Rewrites { get; private set; }

    /// <summary>Keeps an example for the next update; the tile owns the tensors from now on.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="delta">Gradients of the loss by the outputs [samples, outputs].</param>
    public void Keep(Tensor x, Tensor delta) => pending.Add(new(new RowExample(x, delta), true, true, isShown: false));

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
    /// <remarks>They are kept until <see cref="DropPending"/>, as torch keeps gradients until they are zeroed; only an exception drops them.</remarks>
    /// <exception cref="InvalidOperationException">Gradients have not been zeroed for very long.</exception>
    public void Update(double rate)
    {
        ThrowIfFaulted();
        if (pending.Count > MostPending)
            throw new InvalidOperationException($"{Name}: {pending.Count} examples wait, since gradients were never zeroed; call optimizer.zero_grad() once a step, as torch needs it too.");
        try
        {
            Follow();
            foreach (var example in pending)
                if (rate * example.Factor != 0 && (example.LearnsWeights || example.LearnsBias))
                    Apply(example, rate * example.Factor);
        }
        catch
        {
            DropPending();
            throw;
        }
        finally
        {
            Publish(lastWeight);
            Watcher.AcceptLast();
        }
    }

    /// <summary>Forgets the kept examples.</summary>
    public void DropPending()
    {
        foreach (var example in pending)
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
        Rebind(weight, bias);
        var written = new WrittenWeights(0, 0, 0);
        foreach (var array in new[] { cells, biasCells })
        {
            if (array is null)
                continue;
            using var targets = array.Weights.clone();
            array.Write(targets);
            written = written.With(WrittenWeights.Of(targets, array.Weights, array.WeightStep));
        }
        Written = written;
        Rewrites++;
        Publish(weight);
        Watcher.Accept(weight, BiasInArray(bias));
        Seal();
    }

    /// <summary>Writes the devices if somebody gave the parameters other values.</summary>
    /// <returns>Whether they were written.</returns>
    internal bool FollowWeights(Tensor weight, Tensor? bias)
    {
        var former = Rewrites;
        Follow(weight, bias);
        return Rewrites > former;
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
        if (!Layout.SharesMemory)
            cells.Weights.Dispose();
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

    internal override bool LearnsByPulses => true;

    internal override bool ShowsGradients => GradientAccess.IsPossible;

    private protected override AnalogPath ConfiguredPath => Config.Forward;

    internal override AnalogPath BackwardPath => Config.Backward;

    private protected override Tensor WeightsOf(TileCall call) => cells.Weights;

    private protected override Tensor BiasOf(TileCall call) => call.Bias!;

    private protected override OutputScale? UnitsFor(TileCall call) => null;

    private protected override Tensor OwnWeightsOf(TileCall call) => cells.Weights.alias();

    internal override void Keep(TileCall call, LearningExample example) => pending.Add(new(example, call.Learns.Weights, call.Learns.Bias, call.WantsWeight || call.ShowsBias));

    private protected override void OnBegin(Tensor weight, Tensor? bias, bool learns)
    {
        if (learns && PendingUpdates > 0 && !HasOptimizer)
            throw new InvalidOperationException($"{Name}: its weights are analog, and no optimizer updates them; train with AnalogSGD(model.parameters(), ...) made after ToAnalog, or freeze the layer with requires_grad = false for weight and bias.");
        Follow(weight, bias);
    }

    /// <summary>Follows the parameters to wherever they are now, and writes the devices if somebody gave them other values.</summary>
    private void Follow(Tensor weight, Tensor? bias)
    {
        switch (Watcher.Look(weight, BiasInArray(bias)))
        {
            case ParameterChange.Changed:
                Write(weight, bias);
                break;
            case ParameterChange.Moved or ParameterChange.Restored:
                Rebind(weight, bias);
                Watcher.Accept(weight, BiasInArray(bias));
                foreach (var seal in seals)
                    seal.Forget();
                break;
        }
        (lastWeight, lastBias) = (weight, bias);
    }

    /// <summary>The same between two calls.</summary>
    private void Follow()
    {
        if (lastWeight is { IsInvalid: false } weight)
            Follow(weight, lastBias is { IsInvalid: false } ? lastBias : null);
    }

    private void Rebind(Tensor weight, Tensor? bias)
    {
        if (weight.NumberOfElements != cells.Weights.NumberOfElements)
            throw new ArgumentException($"{Name}: its weights must stay a matrix of {Outputs} outputs and {Inputs} inputs, but are now [{string.Join(", ", weight.shape)}]; make the model digital with ToDigital() before giving a layer another size.");
        var former = cells.Weights;
        cells.Rebind(Matrix(weight.detach()).DetachFromDisposeScope());
        if (!Layout.SharesMemory)
            former.Dispose();
        if (bias is not null)
            biasCells?.Rebind(bias.detach().view(1, -1).DetachFromDisposeScope());
    }

    /// <summary>Gives the layer's parameter the weights of cells that lie in another order than its own.</summary>
    private void Publish(Tensor? weight)
    {
        if (Layout.SharesMemory || weight is not { IsInvalid: false })
            return;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        weight.copy_(Layout.Parameter(cells.Weights, weight.shape));
    }

    private Tensor? BiasInArray(Tensor? bias) => HasAnalogBias ? bias : null;

    private void Apply(PendingExample example, double rate)
    {
        IUpdatable weights = example.LearnsWeights ? cells : new FrozenCells(cells);
        var bias = biasCells is null || example.LearnsBias ? (IUpdatable?)biasCells : new FrozenCells(biasCells);
        foreach (var (x, delta) in example.Example.Batches())
        {
            using (x)
            using (delta)
            {
                if (x.shape[0] == 0)
                    continue;
                using var errors = rate < 0 ? delta.neg() : delta.alias();
                Config.Update.Apply(x, errors, Math.Abs(rate), Stream.Split("trains").Split(cells.Steps), trains, weights, bias);
            }
        }
    }

    internal override (long Numbers, int Sums) CheckHardware(Tensor weight, Tensor? bias)
    {
        Follow(weight, bias);
        var (numbers, sums) = (0L, 0);
        try
        {
            foreach (var seal in seals)
            {
                var (ofArray, compared) = seal.Check();
                (numbers, sums) = (numbers + ofArray, sums + compared);
            }
        }
        finally
        {
            Watcher.Accept(weight, BiasInArray(bias)); // reads wrote the same values again
        }
        return (numbers, sums);
    }

    private void Seal()
    {
        foreach (var seal in seals)
            seal.Take();
    }

    private CellArray Build(Tensor weights, string role)
    {
        using var targets = weights.clone();
        var built = Config.Cell.Scaled(Config.Scaling.Of(Inputs)).Build(Stream.Split(role), weights.DetachFromDisposeScope());
        built.Write(targets);
        Written = Written.With(WrittenWeights.Of(targets, built.Weights, built.WeightStep));
        State.register_module(role, built.State);
        return built;
    }

    /// <summary>Cells that receive no pulses, but live through the time of the examples.</summary>
    private sealed class FrozenCells(CellArray cells) : IUpdatable
    {
        public double WeightStep => cells.WeightStep;

        public double TrainRate(Tensor x, Tensor delta, double rate) => cells.TrainRate(x, delta, rate);

        public void Update(TrainPair trains) => cells.Idle(trains.Samples);

        public void Add(Tensor change, int samples, double rate) => cells.Idle(samples);
    }
}
