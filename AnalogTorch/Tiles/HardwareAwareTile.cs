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
    private const long Nothing = -1;
    private Tensor? noisy;
    private long noisyRead = Nothing;
    private readonly Lock gate = new();
    private MeasuredUnits? units;
    private OutputScale? formerUnits;

    /// <summary>Puts hardware between a layer and its weights.</summary>
    /// <param name="config">The hardware.</param>
    /// <param name="name">The layer's name, for messages and for the random streams.</param>
    /// <param name="weight">Weights [outputs, …].</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="rng">The stream of this tile.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own.</param>
    /// <param name="layout">How the weights lie in the array; null for row by row.</param>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix.</exception>
    public HardwareAwareTile(HardwareAwareConfig config, string name, Tensor weight, Tensor? bias, Rng rng, long groups = 1, MatrixLayout? layout = null)
        : base(config, name, weight, bias, groups, layout, persistent: false, rng)
    {
        Check(config, name, weight, bias);
        Config = config;
        Store.Exposing += ForgetUnits;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var matrix = Matrix(weight.detach());
        Written = Clipped(matrix) is { } clipped ? WrittenWeights.Of(matrix, clipped, 0) : new(matrix.NumberOfElements, 0, 0);
    }

    /// <summary>The hardware.</summary>
    public HardwareAwareConfig Config { get; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Release();
        units?.Scale.Dispose();
        formerUnits?.Dispose();
        (units, formerUnits) = (null, null);
        base.Dispose();
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
        get => [Store.Counter(Key), Store.Counter(Reads), Store.Counter(Evaluations), Store.Counter(Calibration)];
        set => (Store.Counter(Key), Store.Counter(Reads), Store.Counter(Evaluations), Store.Counter(Calibration), noisyRead) = (value[0], value[1], value[2], value[3], Nothing);
    }

    internal override string Kind => "hardware-aware";

    internal override (long Numbers, int Sums) CheckHardware(Tensor weight, Tensor? bias)
    {
        HardwareSeal.CheckFinite(Name, "the matrix of weights", weight);
        if (bias is not null)
            HardwareSeal.CheckFinite(Name, "the bias", bias);
        return (weight.NumberOfElements + (bias?.NumberOfElements ?? 0), 0);
    }

    internal override bool LearnsByGradient => true;

    internal override bool ShowsGradients => false;

    private protected override AnalogPath ConfiguredPath => Config.Forward;

    internal override AnalogPath BackwardPath => Config.Backward;

    private protected override Tensor WeightsOf(TileCall call)
    {
        var weight = Matrix(call.Weight);
        if (!call.Training)
        {
            if (noisy is not null)
                Release();
            return weight;
        }
        if (call.Number == noisyRead)
            return noisy!;
        noisyRead = Nothing;
        var weights = Config.WeightNoise.Draw(weight, () => Room(weight), WeightStream(call));
        if (ReferenceEquals(weights, noisy))
            noisyRead = call.Number;
        return weights;
    }

    private protected override Tensor BiasOf(TileCall call) => call.Bias!;

    private protected override OutputScale? UnitsFor(TileCall call)
    {
        if (Config.Range is UnitRange)
            return null;
        var version = TensorVersion.Of(call.Weight);
        var known = units; // one look, since threads may share the tile
        if (known is not null && known.Handle == call.Weight.Handle && known.Version == version && version is not null)
            return known.Scale;
        lock (gate)
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            known = new(call.Weight.Handle, version, new(Config.Range.Of(Matrix(call.Weight.detach()))));
            // Another thread may still read with the last scale, but not with the one before.
            formerUnits?.Dispose();
            (formerUnits, units) = (units?.Scale, known);
            return known.Scale;
        }
    }

    private protected override Tensor OwnWeightsOf(TileCall call)
    {
        var weight = Matrix(call.Weight.detach());
        if (!call.Training)
            return weight;
        var room = empty_like(weight); // here, since what a draw makes is gone after it
        return Config.WeightNoise.Draw(weight, () => room, WeightStream(call));
    }

    internal override void Keep(TileCall call, LearningExample example) => throw new InvalidOperationException($"{Name} is hardware-aware, and takes no pulses.");

    private protected override void OnBegin(Tensor weight, Tensor? bias, bool learns)
    {
        if (TakeFault() is { } fault)
            throw fault;
        if (!learns || !weight.requires_grad)
            return;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var matrix = Matrix(weight.detach());
        if (Clipped(matrix) is { } clipped)
            weight.copy_(Layout.Parameter(clipped, weight.shape));
    }

    /// <summary>Weights within their limits; null if they all are.</summary>
    private Tensor? Clipped(Tensor matrix) =>
        Config.Clip.Limits(matrix) is { } limits && (matrix.abs() > limits).any().item<bool>() ? minimum(maximum(matrix, -limits), limits) : null;

    private static Rng WeightStream(TileCall call) => call.ForwardStream.Split("weights");

    private Tensor Room(Tensor weight)
    {
        if (noisy is not null && (noisy.device_type != weight.device_type || noisy.device_index != weight.device_index))
            Release();
        return noisy ??= empty(weight.shape, device: weight.device).DetachFromDisposeScope();
    }

    /// <summary>Forgets what was measured of the weights, which may change without torch's knowledge.</summary>
    private void ForgetUnits()
    {
        lock (gate)
            units = units is null ? null : units with { Version = null };
    }

    private void Release()
    {
        lock (gate)
        {
            noisy?.Dispose();
            (noisy, noisyRead) = (null, Nothing);
        }
    }

    /// <summary>What outputs stand for while the weights are what they were when torch had written to them so often.</summary>
    private sealed record MeasuredUnits(nint Handle, long? Version, OutputScale Scale);
}
