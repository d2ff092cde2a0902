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
    private OutputScale? units;
    private (long Number, bool Training) unitsOf = (Nothing, false);

    /// <summary>Puts hardware between a layer and its weights.</summary>
    /// <param name="config">The hardware.</param>
    /// <param name="name">The layer's name, for messages and for the random streams.</param>
    /// <param name="weight">Weights [outputs, …].</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="rng">The stream of this tile.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own.</param>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix.</exception>
    public HardwareAwareTile(HardwareAwareConfig config, string name, Tensor weight, Tensor? bias, Rng rng, long groups = 1)
        : base(config, name, weight, bias, groups, persistent: false, rng)
    {
        Check(config, name, weight, bias);
        Config = config;
    }

    /// <summary>The hardware.</summary>
    public HardwareAwareConfig Config { get; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Release();
        units?.Dispose();
        units = null;
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
        set => (Store.Counter(Key), Store.Counter(Reads), Store.Counter(Evaluations), Store.Counter(Calibration), noisyRead, unitsOf) = (value[0], value[1], value[2], value[3], Nothing, (Nothing, false));
    }

    private protected override void OnSeek() => unitsOf = (Nothing, false);

    internal override string Kind => "hardware-aware";

    internal override bool LearnsByGradient => true;

    private protected override AnalogPath ConfiguredPath => Config.Forward;

    internal override AnalogPath BackwardPath => Config.Backward;

    internal override Tensor WeightsOf(TileCall call)
    {
        var weight = Matrix(call.Weight);
        if (!call.Training)
        {
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

    internal override Tensor BiasOf(TileCall call) => call.Bias!;

    internal override OutputScale? UnitsFor(TileCall call)
    {
        if (Config.Range.IsUnit)
            return null;
        if (units is null || unitsOf != (call.Number, call.Training))
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            units?.Dispose();
            units = new(Config.Range.Of(Matrix(call.Weight.detach())));
            unitsOf = (call.Number, call.Training);
        }
        return units;
    }

    internal override Tensor OwnWeightsOf(TileCall call)
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
        if (Config.Clip.Limits(matrix) is { } limits && (matrix.abs() > limits).any().item<bool>())
            weight.copy_(minimum(maximum(matrix, -limits), limits).view(weight.shape));
    }

    private static Rng WeightStream(TileCall call) => call.ForwardStream.Split("weights");

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
