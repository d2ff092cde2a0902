using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Whole training steps of one layer: forward, backward, optimizer.</summary>
internal sealed class StepContest : Contest
{
    private const double Rate = 0.01, MeanMagnitude = 0.5;
    private readonly LayerPair pair;
    private readonly Optimizer digital, analog;
    private readonly AnalogTile? tile;
    private long samples;

    /// <summary>A contest on a square layer in the memory.</summary>
    /// <param name="hardware">The hardware.</param>
    /// <param name="size">Number of inputs and of outputs.</param>
    /// <param name="batch">Samples of a step.</param>
    /// <param name="density">Coincidences per weight and sample.</param>
    /// <param name="seed">Seed of all numbers.</param>
    public StepContest(TileConfig hardware, int size, int batch, double density, long seed)
    {
        pair = new(size, batch, density * hardware.Cell.WeightStep / (Rate * MeanMagnitude * MeanMagnitude), seed);
        pair.ToBeAnalog.ToAnalog(hardware, seed);
        digital = SGD(pair.Digital.parameters(), Rate);
        analog = new AnalogSGD(pair.ToBeAnalog.parameters(), Rate);
        tile = pair.ToBeAnalog.AnalogTiles().Single().Tile;
    }

    /// <summary>A contest on a square layer that a digital optimizer trains while noise of the hardware is on.</summary>
    public StepContest(Action<nn.Module, long> convert, int size, int batch, long seed)
    {
        pair = new(size, batch, gradient: 1e-3, seed);
        convert(pair.ToBeAnalog, seed);
        digital = SGD(pair.Digital.parameters(), Rate);
        analog = SGD(pair.ToBeAnalog.parameters(), Rate);
    }

    public override IEnumerable<(string Name, double Value)> Figures => tile is null ? [] :
        [("pulses_per_weight_and_sample", (double)tile.Cells.Pulses / samples / (tile.Inputs * tile.Outputs))];

    public override void Digital()
    {
        digital.zero_grad();
        LayerPair.ForwardBackward(pair.Digital, pair.Next(0));
        digital.step();
    }

    public override void Analog()
    {
        var batch = pair.Next(1);
        samples += batch.X.shape[0];
        analog.zero_grad();
        LayerPair.ForwardBackward(pair.ToBeAnalog, batch);
        analog.step();
    }

    public override void Dispose()
    {
        digital.Dispose();
        analog.Dispose();
        pair.Dispose();
    }
}
