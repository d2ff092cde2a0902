using AnalogTorch.Core;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>A fully connected layer on a tile of analog memory: y = x·Wᵀ + b as the hardware gives it.</summary>
/// <remarks>
/// Takes the place of <see cref="Linear"/>: same parameters, names, shapes and start values. Its weights move by pulses, so train
/// it with <c>AnalogSGD</c>; gradients of the weights do not exist.
/// </remarks>
public sealed class AnalogLinear : nn.Module<Tensor, Tensor>
{
    private readonly AnalogTile tile;

    // Torch's own code replaces the values of these fields when the module moves to another torch device.
    private readonly Parameter weightParameter;
    private readonly Parameter? biasParameter;

    /// <summary>A layer of fresh devices, with torch's own start values written into them.</summary>
    /// <param name="inputSize">Number of inputs.</param>
    /// <param name="outputSize">Number of outputs.</param>
    /// <param name="config">The hardware.</param>
    /// <param name="hasBias">Whether there is a bias.</param>
    /// <param name="seed">Seed of the devices, their noise and the start values.</param>
    /// <param name="device">Torch device of parameters and state.</param>
    public AnalogLinear(long inputSize, long outputSize, TileConfig config, bool hasBias = true, long seed = 0, Device? device = null)
        : base(nameof(AnalogLinear))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputSize);
        ArgumentNullException.ThrowIfNull(config);
        var rng = Rng.FromSeed(seed);
        var limit = 1 / Math.Sqrt(inputSize);
        weightParameter = Start("start weight", outputSize, inputSize);
        biasParameter = hasBias ? Start("start bias", outputSize) : null;
        register_parameter(nameof(weight), weightParameter);
        if (biasParameter is not null)
            register_parameter(nameof(bias), biasParameter);
        tile = new(config, nameof(AnalogLinear), weightParameter, biasParameter, rng);
        AnalogLayer.Attach(this, tile, weightParameter, biasParameter);

        Parameter Start(string name, params long[] shape) =>
            new(Kernels.Noise.Uniform(rng.Split(name), shape, device).mul_((float)(2 * limit)).sub_((float)limit).DetachFromDisposeScope());
    }

    /// <summary>Effective weights [outputs, inputs].</summary>
    public Parameter weight => weightParameter;

    /// <summary>Effective bias [outputs]; null if there is none.</summary>
    public Parameter? bias => biasParameter;

    /// <summary>The tile.</summary>
    public AnalogTile Tile => tile;

    /// <inheritdoc/>
    /// <param name="input">[..., inputs].</param>
    /// <returns>[..., outputs].</returns>
    public override Tensor forward(Tensor input)
    {
        tile.Check(input, weightParameter);
        AnalogLayer.Bind(tile, weightParameter, biasParameter);
        return tile.Apply(input, weightParameter, biasParameter, training);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            tile.Dispose();
        base.Dispose(disposing);
    }
}
