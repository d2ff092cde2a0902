using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>What recurrent layers of this library share: torch's parameters and start values, and the tiles that they run on.</summary>
/// <remarks>Closed: a layer of another kind is a <see cref="LayerKind"/>, and other assemblies cannot derive from this.</remarks>
/// <typeparam name="TState">The state that a call starts from.</typeparam>
/// <typeparam name="TResult">What a call gives.</typeparam>
public abstract class AnalogRecurrent<TState, TResult> : nn.Module<Tensor, TState, TResult>, IRecurrentLayer
{
    private RecurrentRun? run;
    private RecurrentRun? digital;

    private protected AnalogRecurrent(string name, long inputSize, RecurrentSettings settings, LayerHardware hardware, long seed, Device? device) : base(name)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(settings.Units);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(settings.Layers);
        ArgumentNullException.ThrowIfNull(hardware);
        if (!(settings.Dropout is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException("dropout", $"{name}.dropout must be in [0, 1], but is {settings.Dropout}.");
        Settings = settings;
        var rng = Rng.FromSeed(seed);
        var (limit, gates) = (1 / Math.Sqrt(settings.Units), settings.Kernel.GateCount * settings.Units);
        for (var layer = 0; layer < settings.Layers; layer++)
        {
            foreach (var direction in settings.IsBidirectional ? new[] { "", "_reverse" } : [""])
            {
                var inputs = layer == 0 ? inputSize : settings.Units * (settings.IsBidirectional ? 2 : 1);
                Start($"weight_ih_l{layer}{direction}", gates, inputs);
                Start($"weight_hh_l{layer}{direction}", gates, settings.Units);
                if (settings.HasBias)
                {
                    Start($"bias_ih_l{layer}{direction}", gates);
                    Start($"bias_hh_l{layer}{direction}", gates);
                }
            }
        }
        TiledLayer.Put(name, this, LayerKind.Of(this)!, hardware, rng);

        void Start(string parameter, params long[] shape) => register_parameter(parameter, StartValues.Uniform(rng.Split($"start {parameter}"), limit, device, shape));
    }

    private protected AnalogRecurrent(string name, nn.Module layer) : base(name)
    {
        ArgumentNullException.ThrowIfNull(layer);
        Settings = RecurrentSettings.Of(layer);
        foreach (var (parameter, values) in layer.named_parameters())
            register_parameter(parameter, values);
    }

    /// <summary>The tiles, by the names of their matrices; none while the layer is digital.</summary>
    public IReadOnlyList<Tile> Tiles => run?.Tiles ?? [];

    internal RecurrentSettings Settings { get; }

    RecurrentSettings IRecurrentLayer.Settings => Settings;

    RecurrentRun? IRunsOnTiles<RecurrentRun>.Run
    {
        get => run;
        set => run = value;
    }

    /// <summary>What the layer runs on: tiles, or while it is digital, exact products.</summary>
    private protected RecurrentRun Running => run ?? (digital ??= new(this, Settings,
    [
        .. new RecurrentKind().Matrices(this).Select(matrix => new HardwareAwareTile(new HardwareAwareConfig(), matrix.Suffix, matrix.Weight, matrix.Bias, Rng.FromSeed(0))),
    ]));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            foreach (var tile in Tiles.Concat(digital?.Tiles ?? []))
                tile.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Long short-term memory on tiles of analog memory: both gate matrices of every layer and direction are arrays.</summary>
/// <remarks>
/// Parameters, gate order and call signature of torch's <see cref="LSTM"/>. The products of input and hidden state are converted each by
/// their own ADC, and added digitally, where the gates are. Made from a torch layer it is digital until <c>ToAnalog</c>.
/// </remarks>
public sealed class AnalogLSTM : AnalogRecurrent<(Tensor, Tensor)?, (Tensor, Tensor, Tensor)>
{
    /// <summary>A layer of fresh devices, with torch's own start values written into them.</summary>
    /// <param name="inputSize">Number of inputs.</param>
    /// <param name="hiddenSize">Number of hidden units.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="numLayers">Number of layers.</param>
    /// <param name="bias">Whether there are biases.</param>
    /// <param name="batchFirst">Whether samples come before time.</param>
    /// <param name="dropout">Share of values that are dropped between layers in training.</param>
    /// <param name="bidirectional">Whether a second set of weights runs backward in time.</param>
    /// <param name="seed">Seed of the devices, their noise and the start values.</param>
    /// <param name="device">Torch device of parameters and state.</param>
    public AnalogLSTM(
        long inputSize, long hiddenSize, LayerHardware hardware, long numLayers = 1, bool bias = true, bool batchFirst = false, double dropout = 0,
        bool bidirectional = false, long seed = 0, Device? device = null)
        : base(nameof(AnalogLSTM), inputSize, new(new RecurrentKernel<LstmStep>(), hiddenSize, numLayers, bias, batchFirst, bidirectional, dropout), hardware, seed, device)
    {
    }

    private AnalogLSTM(LSTM layer) : base(nameof(AnalogLSTM), layer)
    {
    }

    /// <summary>A digital layer that takes over the parameters of a torch layer, for <c>global using LSTM = AnalogTorch.Layers.AnalogLSTM;</c>.</summary>
    public static implicit operator AnalogLSTM(LSTM layer) => new(layer);

    /// <summary>Runs a sequence, hooks included.</summary>
    /// <param name="input">[time, samples, inputs], with <c>batchFirst</c> [samples, time, inputs].</param>
    /// <param name="state">Hidden and cell state [layers · directions, samples, units]; null starts from zeros.</param>
    /// <returns>Outputs, and the last hidden and cell states.</returns>
    public new (Tensor, Tensor, Tensor) call(Tensor input, (Tensor, Tensor)? state = null) => base.call(input, state);

    /// <inheritdoc cref="call"/>
    public override (Tensor, Tensor, Tensor) forward(Tensor input, (Tensor, Tensor)? state = null) => Running.RunWithCell(input, state);
}

/// <summary>Gated recurrent units on tiles of analog memory; parameters, gate order and call signature of torch's <see cref="GRU"/>.</summary>
public sealed class AnalogGRU : AnalogRecurrent<Tensor, (Tensor, Tensor)>
{
    /// <inheritdoc cref="AnalogLSTM(long, long, LayerHardware, long, bool, bool, double, bool, long, Device?)"/>
    public AnalogGRU(
        long inputSize, long hiddenSize, LayerHardware hardware, long numLayers = 1, bool bias = true, bool batchFirst = false, double dropout = 0,
        bool bidirectional = false, long seed = 0, Device? device = null)
        : base(nameof(AnalogGRU), inputSize, new(new RecurrentKernel<GruStep>(), hiddenSize, numLayers, bias, batchFirst, bidirectional, dropout), hardware, seed, device)
    {
    }

    private AnalogGRU(GRU layer) : base(nameof(AnalogGRU), layer)
    {
    }

    /// <summary>A digital layer that takes over the parameters of a torch layer, for <c>global using GRU = AnalogTorch.Layers.AnalogGRU;</c>.</summary>
    public static implicit operator AnalogGRU(GRU layer) => new(layer);

    /// <summary>Runs a sequence, hooks included.</summary>
    /// <param name="input">[time, samples, inputs], with <c>batchFirst</c> [samples, time, inputs].</param>
    /// <param name="state">Hidden state [layers · directions, samples, units]; null starts from zeros.</param>
    /// <returns>Outputs, and the last hidden states.</returns>
    public new (Tensor, Tensor) call(Tensor input, Tensor? state = null) => base.call(input, state!);

    /// <inheritdoc cref="call"/>
    public override (Tensor, Tensor) forward(Tensor input, Tensor? state = null) => Running.Run(input, state);
}

/// <summary>Plain recurrent units on tiles of analog memory; parameters and call signature of torch's <see cref="RNN"/>.</summary>
public sealed class AnalogRNN : AnalogRecurrent<Tensor, (Tensor, Tensor)>
{
    /// <inheritdoc cref="AnalogLSTM(long, long, LayerHardware, long, bool, bool, double, bool, long, Device?)"/>
    public AnalogRNN(
        long inputSize, long hiddenSize, LayerHardware hardware, long numLayers = 1, nn.NonLinearities nonLinearity = nn.NonLinearities.Tanh, bool bias = true,
        bool batchFirst = false, double dropout = 0, bool bidirectional = false, long seed = 0, Device? device = null)
        : base(
            nameof(AnalogRNN), inputSize,
            new(nonLinearity == nn.NonLinearities.Tanh ? new RecurrentKernel<TanhStep>() : new RecurrentKernel<ReluStep>(), hiddenSize, numLayers, bias, batchFirst, bidirectional, dropout),
            hardware, seed, device)
    {
    }

    private AnalogRNN(RNN layer) : base(nameof(AnalogRNN), layer)
    {
    }

    /// <summary>A digital layer that takes over the parameters of a torch layer, for <c>global using RNN = AnalogTorch.Layers.AnalogRNN;</c>.</summary>
    public static implicit operator AnalogRNN(RNN layer) => new(layer);

    /// <summary>Runs a sequence, hooks included.</summary>
    /// <param name="input">[time, samples, inputs], with <c>batchFirst</c> [samples, time, inputs].</param>
    /// <param name="state">Hidden state [layers · directions, samples, units]; null starts from zeros.</param>
    /// <returns>Outputs, and the last hidden states.</returns>
    public new (Tensor, Tensor) call(Tensor input, Tensor? state = null) => base.call(input, state!);

    /// <inheritdoc cref="call"/>
    public override (Tensor, Tensor) forward(Tensor input, Tensor? state = null) => Running.Run(input, state);
}
