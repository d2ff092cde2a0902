using AnalogTorch.Core;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>How large an array can be built.</summary>
/// <remarks>A matrix that does not fit becomes a grid of tiles, each with its own converters.</remarks>
public abstract record TileSize : HardwareConfig
{
    /// <summary>Most inputs of one tile, the constant one of a bias included.</summary>
    internal abstract long MaxInputs { get; }

    /// <summary>Most outputs of one tile.</summary>
    internal abstract long MaxOutputs { get; }

    /// <summary>Whether what tiles give for one output is added after their converters, or as a current before one.</summary>
    internal abstract bool AddsDigitally { get; }

    /// <summary>Reads a matrix, tile by tile along its inputs.</summary>
    /// <param name="path">The path of every tile.</param>
    /// <param name="lines">Most input lines of a tile, seen in the direction of this read.</param>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="weights">Effective weights [outputs, inputs].</param>
    /// <param name="bias">Weights of the constant input, which is on the last tile [outputs]; null if there is none.</param>
    /// <param name="units">What outputs stand for; null if a cell at full conductance is a weight of 1.</param>
    /// <param name="stream">The stream of this read.</param>
    internal Tensor Read(AnalogPath path, long lines, Tensor x, Tensor weights, Tensor? bias, OutputScale? units, Rng stream)
    {
        var inputs = weights.shape[1];
        if (inputs + (bias is null ? 0 : 1) <= lines)
            return path.Read(x, weights, bias, stream, units: units);
        if (!AddsDigitally)
            return path.Read(x, weights, bias, stream, lines, units);
        using var scope = NewDisposeScope();
        var sum = Block(0, Math.Min(lines, inputs), null, stream.Split(0));
        for (var first = lines; first < inputs || (first == inputs && bias is not null); first += lines)
        {
            var count = Math.Min(lines, inputs - first);
            var isLast = bias is not null && count < lines;
            sum.add_(Block(first, count, isLast ? bias : null, stream.Split(first)), LastingScalars.One);
        }
        return sum.MoveToOuterDisposeScope();

        Tensor Block(long first, long count, Tensor? biasOfBlock, Rng rng)
        {
            using var ofBlock = units?.OfBlock(first / lines);
            return path.Read(x.narrow(1, first, count), weights.narrow(1, first, count), biasOfBlock, rng, units: ofBlock);
        }
    }
}

/// <summary>One array, however large the matrix.</summary>
public sealed record UnlimitedSize : TileSize
{
    internal override long MaxInputs => long.MaxValue;

    internal override long MaxOutputs => long.MaxValue;

    internal override bool AddsDigitally => false;
}

/// <summary>Tiles of one size.</summary>
/// <remarks>Both ways to add occur: chips with one converter a tile add digitally; charge or current of several tiles on one line is added before it.</remarks>
public sealed record LimitedSize : TileSize
{
    /// <summary>Inputs of a tile.</summary>
    [Unit("1")]
    public int Inputs { get; init => field = Within(value, 1, int.MaxValue); } = 512;

    /// <summary>Outputs of a tile.</summary>
    [Unit("1")]
    public int Outputs { get; init => field = Within(value, 1, int.MaxValue); } = 512;

    /// <summary>How what several tiles give for one output is added.</summary>
    public PartialSums Sums { get; init => field = NotNull(value); } = new DigitalSums();

    internal override long MaxInputs => Inputs;

    internal override long MaxOutputs => Outputs;

    internal override bool AddsDigitally => Sums.AreDigital;
}

/// <summary>How what several tiles give for one output is added.</summary>
public abstract record PartialSums : HardwareConfig
{
    /// <summary>Whether every tile converts, and results are added; otherwise currents are.</summary>
    internal abstract bool AreDigital { get; }
}

/// <summary>Every tile has converters of its own, and their results are added.</summary>
public sealed record DigitalSums : PartialSums
{
    internal override bool AreDigital => true;
}

/// <summary>The currents of the tiles are added, and converted once; the lines stay as long as one tile.</summary>
public sealed record AnalogSums : PartialSums
{
    internal override bool AreDigital => false;
}

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
        var (tileInputs, tileOutputs) = (Math.Min(size.MaxInputs, inputs), Math.Min(size.MaxOutputs, outputs));
        if (size is not UnlimitedSize)
            (tileInputs, tileOutputs) = (size.MaxInputs, size.MaxOutputs);
        var groupsOfTile = Math.Min(tileInputs / inputs, tileOutputs / outputs);
        var tiles = groupsOfTile >= 1 ? Ceiling(groups, groupsOfTile) : groups * Ceiling(inputs, tileInputs) * Ceiling(outputs, tileOutputs);
        return new(tiles, tileInputs, tileOutputs, (double)groups * inputs * outputs / ((double)tiles * tileInputs * tileOutputs));

        static long Ceiling(long count, long ofWhich) => (count + ofWhich - 1) / ofWhich;
    }
}
