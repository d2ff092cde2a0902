using AnalogTorch.Tiles;

namespace AnalogTorch.Energy;

/// <summary>What the tiles of a layer did, once it is known how large they are; all counts are over the whole pass.</summary>
/// <param name="Tiles">Tiles that the layer takes, without copies.</param>
/// <param name="TileReads">Reads of single tiles, either way.</param>
/// <param name="Drives">Lines that were driven by an input: a conversion from digital to analog each.</param>
/// <param name="Conversions">Lines whose result was converted from analog.</param>
/// <param name="Sums">Additions of results of several tiles for one output.</param>
/// <param name="Bytes">What went from tile to tile, or to the digital circuits: a byte for each converted result.</param>
public readonly record struct TileWork(long Tiles, long TileReads, long Drives, long Conversions, long Sums, long Bytes)
{
    /// <summary>Lays a layer out on tiles, and counts.</summary>
    /// <param name="layer">What the layer did.</param>
    /// <param name="size">Largest tile of the cost model; the layer's own hardware may have a smaller one.</param>
    public static TileWork Of(CensusLayer layer, TileSize size)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(size);
        if (!layer.IsArray)
            return default;
        var (inputs, outputs) = Lines(layer, size);
        var unlimited = inputs == long.MaxValue && outputs == long.MaxValue;
        var grid = TileGrid.Of(
            unlimited ? new UnlimitedSize() : new LimitedSize { Inputs = (int)Math.Min(inputs, int.MaxValue), Outputs = (int)Math.Min(outputs, int.MaxValue) },
            layer.Inputs, layer.Outputs, layer.Groups);
        var (down, across) = (Ceiling(layer.Inputs, inputs), Ceiling(layer.Outputs, outputs));
        var (rows, columns) = (layer.Inputs * layer.Groups, layer.Outputs * layer.Groups);
        var conversions = layer.Reads * columns * down + layer.TransposedReads * rows * across;
        return new(
            grid.Tiles,
            (layer.Reads + layer.TransposedReads) * grid.Tiles,
            (layer.Reads + layer.Updates) * rows * across + layer.TransposedReads * columns * down,
            conversions,
            layer.Reads * columns * (down - 1) + layer.TransposedReads * rows * (across - 1),
            conversions);
    }

    /// <summary>Most inputs and outputs of a tile.</summary>
    internal static (long Inputs, long Outputs) Lines(CensusLayer layer, TileSize size) =>
        (Math.Min(layer.Size.MaxInputs, size.MaxInputs), Math.Min(layer.Size.MaxOutputs, size.MaxOutputs));

    private static long Ceiling(long count, long ofWhich) => count / ofWhich + (count % ofWhich == 0 ? 0 : 1);
}
