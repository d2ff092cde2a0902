using AnalogTorch.Core;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>A fully connected layer on a tile of analog memory: y = x·Wᵀ + b as the hardware gives it.</summary>
/// <remarks>
/// Takes the place of <see cref="Linear"/>: same parameters, names, shapes and start values. Its weights move by pulses, so train
/// it with <c>AnalogSGD</c>; on a <see cref="HardwareAwareConfig"/> any torch optimizer trains it. Made from a torch layer it is digital until
/// <c>ToAnalog</c>.
/// </remarks>
public sealed class AnalogLinear : nn.Module<Tensor, Tensor>, IRunsOnTiles<LinearRun>
{
    // Torch's own code replaces the values of these fields when the module moves to another torch device.
    private readonly Parameter weightParameter;
    private readonly Parameter? biasParameter;
    private LinearRun? run;

    /// <summary>A layer of fresh devices, with torch's own start values written into them.</summary>
    /// <param name="inputSize">Number of inputs.</param>
    /// <param name="outputSize">Number of outputs.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="hasBias">Whether there is a bias.</param>
    /// <param name="seed">Seed of the devices, their noise and the start values.</param>
    /// <param name="device">Torch device of parameters and state.</param>
    public AnalogLinear(long inputSize, long outputSize, LayerHardware hardware, bool hasBias = true, long seed = 0, Device? device = null)
        : base(nameof(AnalogLinear))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputSize);
        ArgumentNullException.ThrowIfNull(hardware);
        var rng = Rng.FromSeed(seed);
        var limit = 1 / Math.Sqrt(inputSize);
        weightParameter = StartValues.Uniform(rng.Split("start weight"), limit, device, outputSize, inputSize);
        biasParameter = hasBias ? StartValues.Uniform(rng.Split("start bias"), limit, device, outputSize) : null;
        Register();
        TiledLayer.Put(nameof(AnalogLinear), this, LayerKind.Of(this)!, hardware, rng);
    }

    private AnalogLinear(Linear layer) : base(nameof(AnalogLinear))
    {
        (weightParameter, biasParameter) = (layer.weight!, layer.bias);
        Register();
    }

    /// <summary>Effective weights [outputs, inputs].</summary>
    public Parameter weight => weightParameter;

    /// <summary>Effective bias [outputs]; null if there is none.</summary>
    public Parameter? bias => biasParameter;

    /// <summary>Number of inputs.</summary>
    public long in_features => weightParameter.shape[1];

    /// <summary>Number of outputs.</summary>
    public long out_features => weightParameter.shape[0];

    /// <summary>The tile; null while the layer is digital.</summary>
    public Tile? Tile => run?.Tile;

    LinearRun? IRunsOnTiles<LinearRun>.Run
    {
        get => run;
        set => run = value;
    }

    /// <summary>A digital layer that takes over the parameters of a torch layer, for <c>global using Linear = AnalogTorch.Layers.AnalogLinear;</c>.</summary>
    public static implicit operator AnalogLinear(Linear layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return new(layer);
    }

    /// <inheritdoc/>
    /// <param name="input">[..., inputs].</param>
    /// <returns>[..., outputs].</returns>
    public override Tensor forward(Tensor input) => run is null ? nn.functional.linear(input, weightParameter, biasParameter) : run.Run(input);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            run?.Tile.Dispose();
        base.Dispose(disposing);
    }

    private void Register()
    {
        register_parameter(nameof(weight), weightParameter);
        if (biasParameter is not null)
            register_parameter(nameof(bias), biasParameter);
    }
}

/// <summary>Start values of layers, from their own random stream.</summary>
internal static class StartValues
{
    /// <summary>A parameter whose values are uniform in ±<paramref name="limit"/>.</summary>
    public static Parameter Uniform(Rng rng, double limit, Device? device, params long[] shape) =>
        new(Kernels.Noise.Uniform(rng, shape, device).mul_((float)(2 * limit)).sub_((float)limit).DetachFromDisposeScope());
}
