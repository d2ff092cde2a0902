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
    private readonly ConvolutionShape? shape;
    private readonly bool fitsOneTile;
    private readonly long groups;
    private Tile? tile;

    private ArrayMeter(Module module, LayerMatrix matrix, Func<AnalogPath> forward, Func<AnalogPath> backward, TileSize size, bool hasBias)
    {
        shape = ShapeOf(module);
        (ForwardPath, BackwardPath, Forward, Backward) = (forward, backward, new(forward, size, ReadSide.Inputs, hasBias), new(backward, size, ReadSide.Outputs, false));
        var (outputs, inputs) = (matrix.Outputs, matrix.Inputs);
        groups = matrix.Groups;
        fitsOneTile = !size.AddsDigitally || (inputs + (hasBias ? 1 : 0) <= size.MaxInputs && outputs / matrix.Groups <= size.MaxOutputs);
    }

    /// <summary>What the reads from the input side were driven with.</summary>
    public DriveMeter Forward { get; }

    /// <summary>What those from the output side were driven with.</summary>
    public DriveMeter Backward { get; }

    private Func<AnalogPath> ForwardPath { get; }

    private Func<AnalogPath> BackwardPath { get; }

    /// <summary>A meter at a tile, which it is told of by until it is disposed of.</summary>
    /// <param name="module">The layer.</param>
    /// <param name="matrix">The matrix.</param>
    /// <param name="tile">Its tile.</param>
    public static ArrayMeter At(Module module, LayerMatrix matrix, Tile tile)
    {
        var meter = new ArrayMeter(module, matrix, () => tile.ForwardPath, () => tile.BackwardPath, tile.Size, tile.HasAnalogBias) { tile = tile };
        tile.Observers.Driven = meter.Add;
        return meter;
    }

    /// <summary>A meter for a layer that is in no array, and is told what reaches it.</summary>
    /// <param name="module">The layer.</param>
    /// <param name="matrix">The matrix.</param>
    /// <param name="hasBias">Whether the array would have a line of biases.</param>
    public static ArrayMeter Of(Module module, LayerMatrix matrix, bool hasBias) => new(module, matrix, () => Unknown, () => Unknown, new UnlimitedSize(), hasBias);

    /// <summary>A meter for a layer that is in no array, as planned on hardware.</summary>
    /// <param name="module">The layer.</param>
    /// <param name="placement">What the hardware makes of the matrix.</param>
    public static ArrayMeter Of(Module module, Placement placement) =>
        new(module, placement.Matrix, () => placement.ForwardPath, () => Unknown, placement.Hardware.Size, placement.HasAnalogBias);

    /// <summary>Takes in what drives a read.</summary>
    /// <param name="x">Rows, or maps of a convolution.</param>
    /// <param name="side">The side of the read.</param>
    public void Add(Tensor x, ReadSide side)
    {
        var meter = side == ReadSide.Inputs ? Forward : Backward;
        if (shape is null)
        {
            for (var group = 0L; group < groups; group++)
                meter.AddRows(groups == 1 ? x : x.narrow(1, group * (x.shape[1] / groups), x.shape[1] / groups));
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
            tile.Observers.Driven = null;
    }

    private static ConvolutionShape? ShapeOf(Module module) => module switch
    {
        ConvolutionTranspose => null, // read in rows
        Convolution torch => ConvolutionGeometry.Of(torch).Shape,
        AnalogConvolution own => own.Geometry.Shape,
        _ => null,
    };
}
