using AnalogTorch.Layers;
using AnalogTorch.Periphery;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Energy;

/// <summary>Measures what drives one weight matrix, on its tile or as it would be if its layer were on one.</summary>
internal sealed class ArrayMeter : IDisposable
{
    private static readonly AnalogPath Unknown = new(); // of no range of its own
    private readonly Tile? tile;
    private readonly ConvolutionShape? shape;
    private readonly bool fitsOneTile = true;

    private ArrayMeter(ConvolutionShape? shape, Func<AnalogPath> forward, Func<AnalogPath> backward, TileSize size, bool hasBias) =>
        (this.shape, ForwardPath, BackwardPath, Forward, Backward) = (shape, forward, backward, new(forward, size, ReadSide.Inputs, hasBias), new(backward, size, ReadSide.Outputs, false));

    private ArrayMeter(Module module, Tile tile) : this(ShapeOf(module), () => tile.ForwardPath, () => tile.BackwardPath, tile.Size, tile.HasAnalogBias)
    {
        this.tile = tile;
        fitsOneTile = !tile.Size.AddsDigitally || (tile.Inputs + (tile.HasAnalogBias ? 1 : 0) <= tile.Size.MaxInputs && tile.Outputs / tile.Groups <= tile.Size.MaxOutputs);
        tile.Driven = Add;
    }

    /// <summary>What the reads from the input side were driven with.</summary>
    public DriveMeter Forward { get; }

    /// <summary>What those from the output side were driven with.</summary>
    public DriveMeter Backward { get; }

    private Func<AnalogPath> ForwardPath { get; }

    private Func<AnalogPath> BackwardPath { get; }

    /// <summary>A meter at a tile, which it is told of by until it is disposed of.</summary>
    /// <param name="module">The layer.</param>
    /// <param name="tile">The tile.</param>
    public static ArrayMeter At(Module module, Tile tile) => new(module, tile);

    /// <summary>A meter for a layer that is in no array, and is told what reaches it.</summary>
    /// <param name="module">The layer.</param>
    /// <param name="hasBias">Whether the array would have a line of biases.</param>
    public static ArrayMeter Of(Module module, bool hasBias) => new(ShapeOf(module), () => Unknown, () => Unknown, new UnlimitedSize(), hasBias);

    /// <summary>Takes in what drives a read.</summary>
    /// <param name="x">Rows, or maps of a convolution.</param>
    /// <param name="side">The side of the read.</param>
    public void Add(Tensor x, ReadSide side)
    {
        var meter = side == ReadSide.Inputs ? Forward : Backward;
        if (shape is null)
        {
            meter.AddRows(x);
            return;
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (DriveMeter.ScalesSamples(side == ReadSide.Inputs ? ForwardPath() : BackwardPath(), x, fitsOneTile))
        {
            if (side == ReadSide.Inputs)
                meter.AddMaps(x, shape);
            else
                meter.AddRows(x.detach().reshape(x.shape[0], -1), whole: true);
            return;
        }
        var rows = side == ReadSide.Inputs ? shape.Unfold(x.detach()) : x.detach().flatten(2).transpose(1, 2).reshape(-1, shape.Groups, x.shape[1] / shape.Groups);
        for (var group = 0L; group < shape.Groups; group++)
            meter.AddRows(rows.select(1, group));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (tile is not null)
            tile.Driven = null;
    }

    private static ConvolutionShape? ShapeOf(Module module) => module switch
    {
        Convolution torch => ConvolutionGeometry.Of(torch).Shape,
        AnalogConvolution own => own.Geometry.Shape,
        _ => null,
    };
}
