using AnalogTorch.Tiles;

namespace AnalogTorch.Energy;

/// <summary>What the tiles of a layer did, once it is known how large they are; all counts are over the whole pass.</summary>
/// <param name="Tiles">Tiles that the layer takes, without copies.</param>
/// <param name="TileReads">Reads of single tiles, either way.</param>
/// <param name="Drives">Lines that were handed an input: a conversion from digital to analog each.</param>
/// <param name="Conversions">Lines whose result was converted from analog.</param>
/// <param name="Sums">Digital additions of results of several tiles, or of several digits of the weights, for one output.</param>
/// <param name="Bytes">What went from tile to tile, or to the digital circuits: the bits of each converted result, 8 where nobody says how many.</param>
public readonly record struct TileWork(long Tiles, long TileReads, long Drives, long Conversions, long Sums, long Bytes)
{
    private const double BitsOfByte = 8;

    /// <summary>Lays a layer out on tiles, and counts.</summary>
    /// <param name="layer">What the layer did.</param>
    /// <param name="size">Largest tile of the cost model; the layer's own hardware may have a smaller one.</param>
    /// <param name="linesPerOutput">Output lines of a tile that a weight takes, where a cost model has tiles of so many lines and not of so many weights.</param>
    public static TileWork Of(CensusLayer layer, TileSize size, long linesPerOutput = 1)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(size);
        ArgumentOutOfRangeException.ThrowIfLessThan(linesPerOutput, 1);
        if (!layer.IsArray)
            return default;
        var (inputs, outputs) = Lines(layer, size);
        var unlimited = inputs == long.MaxValue && outputs == long.MaxValue;
        var grid = TileGrid.Of(
            unlimited ? new UnlimitedSize() : new LimitedSize { Inputs = (int)Math.Min(inputs, int.MaxValue), Outputs = (int)Math.Min(outputs, int.MaxValue) },
            layer.Inputs, layer.Outputs * linesPerOutput, layer.Groups);
        var (down, across) = (Ceiling(layer.Inputs, inputs), Ceiling(layer.Outputs * linesPerOutput, outputs));
        var (rows, columns) = (layer.Inputs * layer.Groups, layer.Outputs * layer.Groups);
        var (partsDown, partsAcross) = Parts(layer, size, linesPerOutput);
        var (forward, backward) = (layer.Reads * columns * partsDown, layer.TransposedReads * rows * partsAcross);
        return new(
            grid.Tiles,
            (layer.Reads + layer.TransposedReads) * grid.Tiles,
            (layer.Reads + layer.Updates) * rows * across + layer.TransposedReads * columns * down,
            forward + backward,
            layer.Reads * columns * (partsDown - 1) + layer.TransposedReads * rows * (partsAcross - 1),
            (long)Math.Ceiling((forward * (layer.Forward.OutputBits ?? BitsOfByte) + backward * (layer.Backward.OutputBits ?? BitsOfByte)) / BitsOfByte));
    }

    /// <summary>Results that are converted and added digitally for one output of a read: those of the tiles along a line, times the digits of a weight.</summary>
    internal static (long Forward, long Backward) Parts(CensusLayer layer, TileSize size, long linesPerOutput = 1)
    {
        var (inputs, outputs) = Lines(layer, size);
        // Where both have a largest tile, the smaller one cuts a line, and says how what several give for it is added.
        var forward = (layer.Size.MaxInputs <= size.MaxInputs ? layer.Size : size).AddsDigitally;
        var backward = (layer.Size.MaxOutputs <= size.MaxOutputs ? layer.Size : size).AddsDigitally;
        return (
            (forward ? Ceiling(layer.Inputs, inputs) : 1) * Math.Max(linesPerOutput, layer.Slices),
            (backward ? Ceiling(layer.Outputs * linesPerOutput, outputs) : 1) * layer.Slices);
    }

    /// <summary>Most inputs and outputs of a tile.</summary>
    internal static (long Inputs, long Outputs) Lines(CensusLayer layer, TileSize size) =>
        (Math.Min(layer.Size.MaxInputs, size.MaxInputs), Math.Min(layer.Size.MaxOutputs, size.MaxOutputs));

    private static long Ceiling(long count, long ofWhich) => count / ofWhich + (count % ofWhich == 0 ? 0 : 1);
}
