using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Reads of one layer without an update: forward alone, or forward and backward.</summary>
internal sealed class ReadContest : Contest
{
    private readonly LayerPair pair;
    private readonly AnalogTile tile;
    private readonly bool backward;

    /// <summary>A contest on a square layer.</summary>
    /// <param name="hardware">The hardware.</param>
    /// <param name="size">Number of inputs and of outputs.</param>
    /// <param name="batch">Samples of a step.</param>
    /// <param name="backward">Whether gradients are computed, too.</param>
    /// <param name="seed">Seed of all numbers.</param>
    public ReadContest(TileConfig hardware, int size, int batch, bool backward, long seed)
    {
        this.backward = backward;
        pair = new(size, batch, gradient: 1e-3, seed);
        pair.ToBeAnalog.ToAnalog(hardware, seed);
        tile = pair.ToBeAnalog.AnalogTiles().Single().Tile;
    }

    public override void Digital() => Run(pair.Digital, 0);

    public override void Analog()
    {
        Run(pair.ToBeAnalog, 1);
        tile.ThrowIfFaulted();
        tile.DropPending();
    }

    public override void Dispose() => pair.Dispose();

    private void Run(TorchSharp.Modules.Linear layer, int side)
    {
        var batch = pair.Next(side);
        if (backward)
        {
            layer.zero_grad();
            LayerPair.ForwardBackward(layer, batch);
            return;
        }
        using var noGrad = no_grad();
        layer.call(batch.X);
    }
}
