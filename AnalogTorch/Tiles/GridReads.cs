using AnalogTorch.Core;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>Reads of a matrix that takes several tiles.</summary>
internal static class GridReads
{
    /// <summary>Reads a matrix, tile by tile along its inputs.</summary>
    /// <param name="size">The size of the tiles.</param>
    /// <param name="path">The path of every tile.</param>
    /// <param name="lines">Most input lines of a tile, seen in the direction of this read.</param>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="weights">Effective weights [outputs, inputs].</param>
    /// <param name="bias">Weights of the constant input, which is on the last tile [outputs]; null if there is none.</param>
    /// <param name="units">What outputs stand for; null if a cell at full conductance is a weight of 1.</param>
    /// <param name="stream">The stream of this read.</param>
    public static Tensor Read(this TileSize size, AnalogPath path, long lines, Tensor x, Tensor weights, Tensor? bias, OutputScale? units, Rng stream)
    {
        var inputs = weights.shape[1];
        if (inputs + (bias is null ? 0 : 1) <= lines)
            return path.Read(x, weights, bias, stream, units: units);
        if (!size.AddsDigitally)
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
