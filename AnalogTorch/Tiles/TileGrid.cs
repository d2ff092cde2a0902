namespace AnalogTorch.Tiles;

/// <summary>The tiles that hold one logical matrix.</summary>
/// <param name="Tiles">Number of tiles.</param>
/// <param name="Inputs">Inputs of each.</param>
/// <param name="Outputs">Outputs of each.</param>
/// <param name="Utilization">Share of their cells that hold a weight.</param>
public sealed record TileGrid(long Tiles, long Inputs, long Outputs, double Utilization)
{
    /// <summary>Lays a matrix out.</summary>
    /// <param name="size">The size of tiles.</param>
    /// <param name="inputs">Input lines of one group, the constant one included.</param>
    /// <param name="outputs">Outputs of one group.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own; several share a tile along its diagonal if they fit.</param>
    public static TileGrid Of(TileSize size, long inputs, long outputs, long groups)
    {
        ArgumentNullException.ThrowIfNull(size);
        // A side without a limit is as long as the matrix.
        var (tileInputs, tileOutputs) = (size.MaxInputs == long.MaxValue ? inputs : size.MaxInputs, size.MaxOutputs == long.MaxValue ? outputs : size.MaxOutputs);
        var groupsOfTile = Math.Min(tileInputs / inputs, tileOutputs / outputs);
        var tiles = groupsOfTile >= 1 ? Ceiling(groups, groupsOfTile) : groups * Ceiling(inputs, tileInputs) * Ceiling(outputs, tileOutputs);
        return new(tiles, tileInputs, tileOutputs, (double)groups * inputs * outputs / ((double)tiles * tileInputs * tileOutputs));

        static long Ceiling(long count, long ofWhich) => count / ofWhich + (count % ofWhich == 0 ? 0 : 1);
    }
}
