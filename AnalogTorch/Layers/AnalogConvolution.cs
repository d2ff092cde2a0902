using AnalogTorch.Core;
using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>A convolution on a tile of analog memory, which is read once at every place of the kernel.</summary>
/// <remarks>
/// Same parameters, names, shapes and start values as torch's layer. A kernel is one output line of the array; groups are arrays of their own.
/// Every place is an example for the devices. Made from a torch layer it is digital until <c>ToAnalog</c>.
/// Closed: a layer of another kind is a <see cref="LayerKind"/>, and other assemblies cannot derive from this.
/// </remarks>
public abstract class AnalogConvolution : nn.Module<Tensor, Tensor>, IRunsOnTiles<ConvolutionRun>
{
    // Torch's own code replaces the values of these fields when the module moves to another torch device.
    private readonly Parameter weightParameter;
    private readonly Parameter? biasParameter;
    private ConvolutionRun? run;

    private protected AnalogConvolution(string name, Convolution layer) : base(name)
    {
        (weightParameter, biasParameter, Geometry) = (layer.weight!, layer.bias, ConvolutionGeometry.Of(layer));
        Register();
    }

    private protected AnalogConvolution(
        string name, long inChannels, long outChannels, ConvolutionGeometry geometry, LayerHardware hardware, bool hasBias, long seed, Device? device) : base(name)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outChannels);
        ArgumentNullException.ThrowIfNull(hardware);
        var groups = geometry.Shape.Groups;
        if (groups < 1 || inChannels % groups != 0 || outChannels % groups != 0)
            throw new ArgumentException($"{name}.groups must divide the {inChannels} input and {outChannels} output channels, but is {groups}.");
        Geometry = geometry;
        var rng = Rng.FromSeed(seed);
        var limit = 1 / Math.Sqrt(inChannels / groups * geometry.Shape.Places);
        weightParameter = StartValues.Uniform(rng.Split("start weight"), limit, device, [outChannels, inChannels / groups, .. geometry.Shape.Kernel]);
        biasParameter = hasBias ? StartValues.Uniform(rng.Split("start bias"), limit, device, outChannels) : null;
        Register();
        TiledLayer.Put(name, this, LayerKind.Of(this)!, hardware, rng);
    }

    /// <summary>Effective weights [outputs, channels of a group, …].</summary>
    public Parameter weight => weightParameter;

    /// <summary>Effective bias [outputs]; null if there is none.</summary>
    public Parameter? bias => biasParameter;

    /// <summary>The tile; null while the layer is digital.</summary>
    public Tile? Tile => run?.Tile;

    internal ConvolutionGeometry Geometry { get; }

    ConvolutionRun? IRunsOnTiles<ConvolutionRun>.Run
    {
        get => run;
        set => run = value;
    }

    /// <inheritdoc/>
    /// <param name="input">[samples, channels, …], or without samples.</param>
    /// <returns>[samples, outputs, …], or without samples.</returns>
    public override Tensor forward(Tensor input)
    {
        if (run is not null)
            return run.Run(input);
        var shape = Geometry.Shape;
        var isSingle = input.dim() == shape.Dimensions + 1;
        var y = shape.Multiply(Geometry.WithBorder(isSingle ? input.unsqueeze(0) : input), weightParameter);
        if (biasParameter is not null)
            y = y.add_(biasParameter.view([1, -1, .. Enumerable.Repeat(1L, shape.Dimensions)]));
        return isSingle ? y.squeeze(0) : y;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            run?.Tile.Dispose();
        base.Dispose(disposing);
    }

    private protected static ConvolutionGeometry Of(long[] kernel, long[] stride, long[] padding, long[] dilation, PaddingModes mode, long groups) =>
        ConvolutionGeometry.Of(kernel, stride, padding, null, dilation, mode, groups);

    private void Register()
    {
        register_parameter(nameof(weight), weightParameter);
        if (biasParameter is not null)
            register_parameter(nameof(bias), biasParameter);
    }
}

/// <summary>A convolution in one dimension on a tile of analog memory.</summary>
public sealed class AnalogConv1d : AnalogConvolution
{
    /// <summary>A layer of fresh devices, with torch's own start values written into them.</summary>
    /// <param name="in_channels">Channels of the input.</param>
    /// <param name="out_channels">Channels of the output.</param>
    /// <param name="kernel_size">Size of the kernel.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="stride">Step of the kernel.</param>
    /// <param name="padding">What is put on either side of the input.</param>
    /// <param name="dilation">Distance of neighbours in the kernel.</param>
    /// <param name="padding_mode">What borders are filled with.</param>
    /// <param name="groups">Groups of channels that do not mix.</param>
    /// <param name="bias">Whether there is a bias.</param>
    /// <param name="seed">Seed of the devices, their noise and the start values.</param>
    /// <param name="device">Torch device of parameters and state.</param>
    public AnalogConv1d(
        long in_channels, long out_channels, long kernel_size, LayerHardware hardware, long stride = 1, long padding = 0, long dilation = 1,
        PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, long seed = 0, Device? device = null)
        : base(nameof(AnalogConv1d), in_channels, out_channels, Of([kernel_size], [stride], [padding], [dilation], padding_mode, groups), hardware, bias, seed, device)
    {
    }

    private AnalogConv1d(Conv1d layer) : base(nameof(AnalogConv1d), layer)
    {
    }

    /// <summary>A digital layer that takes over the parameters of a torch layer.</summary>
    public static implicit operator AnalogConv1d(Conv1d layer) => new(layer);
}

/// <summary>A convolution in two dimensions on a tile of analog memory.</summary>
public sealed class AnalogConv2d : AnalogConvolution
{
    /// <inheritdoc cref="AnalogConv1d(long, long, long, LayerHardware, long, long, long, PaddingModes, long, bool, long, Device?)"/>
    public AnalogConv2d(
        long in_channels, long out_channels, long kernel_size, LayerHardware hardware, long stride = 1, long padding = 0, long dilation = 1,
        PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, long seed = 0, Device? device = null)
        : this(in_channels, out_channels, (kernel_size, kernel_size), hardware, (stride, stride), (padding, padding), (dilation, dilation), padding_mode, groups, bias, seed, device)
    {
    }

    /// <inheritdoc cref="AnalogConv1d(long, long, long, LayerHardware, long, long, long, PaddingModes, long, bool, long, Device?)"/>
    public AnalogConv2d(
        long in_channels, long out_channels, (long, long) kernel_size, LayerHardware hardware, (long, long)? stride = null, (long, long)? padding = null,
        (long, long)? dilation = null, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, long seed = 0, Device? device = null)
        : base(
            nameof(AnalogConv2d), in_channels, out_channels,
            Of(Array(kernel_size), Array(stride ?? (1, 1)), Array(padding ?? (0, 0)), Array(dilation ?? (1, 1)), padding_mode, groups), hardware, bias, seed, device)
    {
    }

    private AnalogConv2d(Conv2d layer) : base(nameof(AnalogConv2d), layer)
    {
    }

    /// <summary>A digital layer that takes over the parameters of a torch layer.</summary>
    public static implicit operator AnalogConv2d(Conv2d layer) => new(layer);

    private static long[] Array((long, long) pair) => [pair.Item1, pair.Item2];
}

/// <summary>A convolution in three dimensions on a tile of analog memory.</summary>
public sealed class AnalogConv3d : AnalogConvolution
{
    /// <inheritdoc cref="AnalogConv1d(long, long, long, LayerHardware, long, long, long, PaddingModes, long, bool, long, Device?)"/>
    public AnalogConv3d(
        long in_channels, long out_channels, long kernel_size, LayerHardware hardware, long stride = 1, long padding = 0, long dilation = 1,
        PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, long seed = 0, Device? device = null)
        : base(
            nameof(AnalogConv3d), in_channels, out_channels,
            Of([kernel_size, kernel_size, kernel_size], [stride, stride, stride], [padding, padding, padding], [dilation, dilation, dilation], padding_mode, groups),
            hardware, bias, seed, device)
    {
    }

    private AnalogConv3d(Conv3d layer) : base(nameof(AnalogConv3d), layer)
    {
    }

    /// <summary>A digital layer that takes over the parameters of a torch layer.</summary>
    public static implicit operator AnalogConv3d(Conv3d layer) => new(layer);
}
