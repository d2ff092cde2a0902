using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>What a layer runs on in place of torch's own product: it reads a weight matrix as the hardware does.</summary>
/// <remarks>
/// Closed: the three kinds of tiles are those of the three kinds of <see cref="LayerHardware"/>, and other assemblies cannot add one. The parameters stay with the layer and are handed in at every call, since a move to another torch device replaces them. A tile sees
/// them as a matrix [outputs, inputs]: a kernel of a convolution is one row of it, and one of a transposed convolution a row for each of its places.
/// </remarks>
public abstract class Tile : IDisposable
{
    private protected const string Key = "key", Reads = "reads", Evaluations = "evaluations", Calibration = "calibration";
    internal const string ZeroedTooEarly = "backward ran again through a call whose inputs were forgotten by zero_grad(); run forward again before it";
    private readonly TensorStore state;
    private readonly bool hasBias;
    private Exception? fault;
    private CalibratedPath? calibrated;
    private long begun;

    private protected Tile(LayerHardware hardware, string name, Tensor weight, Tensor? bias, long groups, MatrixLayout? layout, bool persistent, Rng rng)
    {
        (Hardware, Name, Layout, Groups, hasBias) = (hardware, name, layout ?? MatrixLayout.Rows, groups, bias is not null);
        (Outputs, Inputs) = (Layout.Outputs(weight.shape), Layout.Inputs(weight.shape));
        state = new(persistent, Key, Reads, Evaluations, Calibration);
        state.Counter(Key) = unchecked((long)rng.Key);
        state.Disposing += () =>
        {
            Gate.Close($"{name}: the layer was disposed of with its model; end calls on other threads first.");
            Gate.Settle();
            Dispose();
        };
        Watcher = new(state);
        state.Exposing += Watcher.Expose;
    }

    /// <summary>The layer's name, and that of the matrix where a layer has several.</summary>
    public string Name { get; }

    /// <summary>The hardware.</summary>
    public LayerHardware Hardware { get; }

    /// <summary>Number of inputs of each group, the constant one of the bias not counted.</summary>
    public long Inputs { get; }

    /// <summary>Number of outputs of all groups.</summary>
    public long Outputs { get; }

    /// <summary>Groups of outputs that have inputs of their own, as in a grouped convolution.</summary>
    public long Groups { get; }

    /// <summary>Everything that the hardware holds, as a torch module.</summary>
    public nn.Module State => state;

    /// <summary>The tiles of limited size that the matrix takes.</summary>
    public TileGrid Grid => TileGrid.Of(Size, Inputs + (HasAnalogBias ? 1 : 0), Outputs / Groups, Groups);

    /// <summary>Number of weights in the array, bias included.</summary>
    public long WeightCount => Outputs * (Inputs + (HasAnalogBias ? 1 : 0));

    /// <summary>Number of devices; shared reference devices count once, and there are none before a network is programmed.</summary>
    public long DeviceCount => (long)Math.Ceiling(WeightCount * Hardware.DevicesPerWeight(Outputs));

    /// <summary>What became of the weights when they were last written, or put on the tile.</summary>
    public WrittenWeights Written { get; private protected set; } = new(0, 0, 0);

    /// <summary>Keeps an exception that must not leave a backward pass, where it would end the process; it is thrown later.</summary>
    public void Keep(Exception exception) => fault ??= exception;

    /// <inheritdoc/>
    public virtual void Dispose() => state.Dispose();

    /// <summary>What the layer is, in messages.</summary>
    internal abstract string Kind { get; }

    /// <summary>Whether torch's gradients train the weights.</summary>
    internal abstract bool LearnsByGradient { get; }

    /// <summary>Whether pulses train the weights.</summary>
    internal virtual bool LearnsByPulses => false;

    /// <summary>Whether the bias is one more line of the array.</summary>
    internal bool HasAnalogBias => hasBias && Hardware.PutsBiasInArray;

    internal TileSize Size => Hardware.Size;

    /// <summary>The path of the reads from the input side, as the config has it.</summary>
    private protected abstract AnalogPath ConfiguredPath { get; }

    /// <summary>The range of the inputs of a path whose scaling is calibrated; 0 before it is.</summary>
    public double InputRange
    {
        get => BitConverter.Int64BitsToDouble(state.Counter(Calibration));
        internal set => state.Counter(Calibration) = BitConverter.DoubleToInt64Bits(value);
    }

    /// <summary>Who sees what the tile reads.</summary>
    internal TileObservers Observers { get; } = new();

    /// <summary>How the range of the inputs is measured; null if the path needs none.</summary>
    internal InputMeasure? Measure => (ConfiguredPath.Scaling as CalibratedScaling)?.Measure;

    /// <summary>The path of the reads from the input side.</summary>
    internal AnalogPath ForwardPath
    {
        get
        {
            if (Measure is null || Observers.Record is not null)
                return ConfiguredPath;
            var range = InputRange;
            if (range == 0)
                throw new InvalidOperationException($"{Name}: the range of its inputs is not measured yet; call model.CalibrateInputs(batches, ...) first, or use another input scaling than CalibratedScaling.");
            var path = calibrated; // one look, since threads may share the tile
            if (path?.Range != range)
                calibrated = path = new(range, ConfiguredPath with { Scaling = new ConstantScaling { Scale = range } });
            return path!.Path;
        }
    }

    /// <summary>The path of the reads from the output side.</summary>
    internal abstract AnalogPath BackwardPath { get; }

    /// <summary>The stream of this tile.</summary>
    internal Rng Stream => new(unchecked((ulong)state.Counter(Key)));

    /// <summary>Calls of training, and of evaluation, so far.</summary>
    internal (long Reads, long Evaluations) Calls => (state.Counter(Reads), state.Counter(Evaluations));

    /// <summary>Sets the number of the next call of evaluation.</summary>
    internal void SeekEvaluation(long call) => state.Counter(Evaluations) = call;

    /// <summary>Who reads the tiles of the layer right now.</summary>
    internal LayerGate Gate { get; set; } = new();

    /// <summary>Calls that were begun since the tile was built.</summary>
    internal long Begun => Interlocked.Read(ref begun);

    /// <summary>Takes the parameters as they are now for what the hardware holds.</summary>
    internal void Accept(Tensor weight, Tensor? bias) => Watcher.Accept(weight, HasAnalogBias ? bias : null);

    /// <summary>Keeps in mind what the parameters are, since others may write to them until the next call.</summary>
    internal void Expose() => Watcher.Expose();

    /// <summary>Begins a call of the layer.</summary>
    /// <param name="weight">The layer's weights as they are now.</param>
    /// <param name="bias">The layer's bias as it is now, or null.</param>
    /// <param name="training">Whether the layer is in training mode.</param>
    internal TileCall Begin(Tensor weight, Tensor? bias, bool training)
    {
        OnBegin(weight, bias, training && (weight.requires_grad || (HasAnalogBias && bias!.requires_grad)));
        Interlocked.Increment(ref begun);
        var number = Interlocked.Increment(ref state.Counter(training ? Reads : Evaluations)) - 1;
        var isRecorded = is_grad_enabled();
        return new(
            weight, bias, HasAnalogBias, training, number, Stream.Split(training ? "forward" : "evaluate").Split(number), Stream.Split("backward").Split(number))
        {
            Learns = LearnsByPulses && isRecorded ? (weight.requires_grad, HasAnalogBias && bias!.requires_grad) : (false, false),
            WantsWeight = isRecorded && weight.requires_grad && (LearnsByGradient || ShowsGradients),
            WantsBias = isRecorded && bias is { requires_grad: true } && (!HasAnalogBias || LearnsByGradient || ShowsGradients),
        };
    }

    /// <summary>Refuses hardware that holds NaN or infinity, or something else than was last written.</summary>
    /// <param name="weight">The layer's weights as they are now.</param>
    /// <param name="bias">The layer's bias as it is now, or null.</param>
    /// <returns>Numbers that were looked at, and sums that were compared.</returns>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    internal abstract (long Numbers, int Sums) CheckHardware(Tensor weight, Tensor? bias);

    /// <summary>Whether the outputs of a group, and its inputs, fit one tile, or joined ones.</summary>
    internal bool FitsOneTile => !Size.AddsDigitally || (Inputs + (HasAnalogBias ? 1 : 0) <= Size.MaxInputs && Outputs / Groups <= Size.MaxOutputs);

    /// <summary>The matrix as the reads of a call from the input side find it.</summary>
    /// <param name="call">The call.</param>
    /// <param name="owned">Whether the weights must be in memory that belongs to the caller, who keeps them until the backward pass.</param>
    internal TileReading ReadInputs(TileCall call, bool owned = false) => new(
        Size, ForwardPath, owned ? OwnWeightsOf(call).detach() : WeightsOf(call), HasAnalogBias ? BiasOf(call) : null, UnitsFor(call), OffsetsFor(call),
        HasAnalogBias ? null : call.Bias, call.ForwardStream, Observers);

    /// <summary>The matrix as the reads of a call from the output side find it.</summary>
    /// <param name="call">The call.</param>
    /// <param name="owned">Whether the weights must be in memory that belongs to the caller.</param>
    internal TileReading ReadOutputs(TileCall call, bool owned = false) => new(
        Size, BackwardPath, owned ? OwnWeightsOf(call).detach() : WeightsOf(call), null, UnitsFor(call), null, null, call.BackwardStream, Observers);

    /// <summary>Whether torch is given the gradients of weights that it does not train, so that whoever looks at them sees what they are.</summary>
    internal abstract bool ShowsGradients { get; }

    /// <summary>What others did to the parameters.</summary>
    private protected ParameterWatch Watcher { get; }

    /// <summary>The weights as the reads of a call find them [outputs, inputs].</summary>
    private protected abstract Tensor WeightsOf(TileCall call);

    /// <summary>The weights of the constant input as the reads of a call find them [outputs], where a bias is in the array.</summary>
    private protected abstract Tensor BiasOf(TileCall call);

    /// <summary>What outputs stand for in a call; the tile owns it. Null if a cell at full conductance is a weight of 1.</summary>
    private protected abstract OutputScale? UnitsFor(TileCall call);

    /// <summary>What is added to outputs beside the converters, other than a bias [outputs]; the tile owns it. Null for nothing.</summary>
    private protected virtual Tensor? OffsetsFor(TileCall call) => null;

    /// <summary>The same in memory that belongs to the caller, for a call that keeps them until its backward pass.</summary>
    private protected abstract Tensor OwnWeightsOf(TileCall call);

    /// <summary>Keeps an example for the next update, and owns it from now on.</summary>
    /// <param name="call">The call that it comes from.</param>
    /// <param name="example">The example.</param>
    internal abstract void Keep(TileCall call, LearningExample example);

    /// <summary>Refuses weights of a dtype that the layer cannot have, and inputs that it cannot take, in a sentence that names the layer.</summary>
    internal void Check(Tensor x, Tensor weight)
    {
        CheckWeights(weight);
        if (x.dtype != ScalarType.Float32)
            throw new ArgumentException($"{Name}: the input must be float32, but is {x.dtype}; convert it with .to(torch.float32), and with it what modules keep beside their parameters and buffers (caches, masks, tables), which model.to(...) leaves alone.");
        // Outside of a graph, a path that looks at every input anyway says so itself; inside of one, nothing may throw once the node is made.
        if (x.device_type == DeviceType.CPU && (is_grad_enabled() || !ForwardPath.TakesPasses(x)) && !IsFinite(x))
            throw NotFinite();
    }

    /// <summary>Refuses weights of a dtype that the layer cannot have.</summary>
    internal void CheckWeights(Tensor weight)
    {
        if (weight.dtype != ScalarType.Float32)
            throw new InvalidOperationException($"{Name}: the weights of an analog tile must stay float32, but are {weight.dtype}; do not convert an analog model to another dtype.");
    }

    /// <summary>What a layer says of inputs that hold NaN or infinity.</summary>
    internal ArgumentException NotFinite() =>
        new($"{Name}: the input must be finite, but holds NaN or infinity; check the data, or lower the learning rate.");

    /// <summary>Refuses a backward pass whose own gradients are wanted; to be called from inside of one.</summary>
    internal static void CheckOrder()
    {
        if (is_grad_enabled())
            throw new InvalidOperationException("gradients of gradients (create_graph: true, as for a gradient penalty) do not pass through analog tiles; leave the layer digital with LayerRule.Digital");
    }

    /// <summary>Refuses gradients that hold NaN or infinity.</summary>
    internal static void CheckGradient(Tensor delta)
    {
        if (delta.device_type == DeviceType.CPU && !IsFinite(delta))
            throw new ArgumentException("the gradient must be finite, but holds NaN or infinity; lower the learning rate or check the loss");
    }

    /// <summary>Refuses weights that no tile can be built from.</summary>
    private protected static void Check(string name, string purpose, Tensor weight, Tensor? bias)
    {
        if (weight.dtype != ScalarType.Float32 || weight.dim() < 2)
            throw new ArgumentException($"{name}: the weights of an analog tile must be a float32 matrix, but are {weight.dtype} [{string.Join(", ", weight.shape)}]; convert the model with .to(torch.float32) first, and with it what its modules keep beside their parameters and buffers (caches, masks, tables).");
        if (weight.NumberOfElements == 0)
            throw new ArgumentException($"{name}: the weights of an analog tile must be at least one number, but are [{string.Join(", ", weight.shape)}]; leave a layer without weights digital.");
        using var scope = NewDisposeScope();
        foreach (var (role, values) in new[] { ("weights", weight), ("bias", bias) })
            if (values is not null && !values.isfinite().all().item<bool>())
                throw new ArgumentException($"{name}: the {role} to {purpose} must be finite, but hold NaN or infinity; check the model before converting it.");
    }

    /// <summary>The counters, and the modules of cells.</summary>
    private protected TensorStore Store => state;

    /// <summary>Called before each call.</summary>
    private protected abstract void OnBegin(Tensor weight, Tensor? bias, bool learns);

    /// <summary>How the numbers of the parameter lie in the array.</summary>
    internal MatrixLayout Layout { get; }

    /// <summary>A parameter as a matrix [outputs, inputs], which shares its memory where the layout does.</summary>
    private protected Tensor Matrix(Tensor weight) => Layout.Matrix(weight);

    /// <summary>What went wrong in the last backward pass, to be thrown; null if nothing did.</summary>
    private protected InvalidOperationException? TakeFault()
    {
        if (fault is not { } exception)
            return null;
        fault = null;
        return new($"{Name}: the backward pass failed: {exception.Message.TrimEnd('.')}.", exception);
    }

    private static bool IsFinite(Tensor x)
    {
        if (x.NumberOfElements == 0)
            return true;
        if (x.is_contiguous())
            return float.IsFinite(TrainSampler.AbsMax(x));
        using var contiguous = x.detach().contiguous();
        return float.IsFinite(TrainSampler.AbsMax(contiguous));
    }

    /// <summary>The path with the range of inputs that was measured.</summary>
    private sealed record CalibratedPath(double Range, AnalogPath Path);
}
