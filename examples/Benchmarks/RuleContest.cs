using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Tiles;
using TorchSharp.Modules;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>A step of a layer under a training rule, against one by plain pulses on the same device.</summary>
internal sealed class RuleContest : Contest
{
    private const double MeanMagnitude = 0.5; // of uniform numbers in ±1
    private readonly LayerPair pair;
    private readonly AnalogSGD plainStep, ruleStep;
    private readonly AnalogTile tile;

    /// <summary>A contest on a square layer.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="size">Number of inputs and of outputs.</param>
    /// <param name="batch">Samples of a step.</param>
    /// <param name="density">Coincidences per weight and sample of plain pulses.</param>
    /// <param name="seed">Seed of all numbers.</param>
    public RuleContest(TileConfig rule, int size, int batch, double density, long seed)
    {
        pair = new(size, batch, gradient: 1, seed);
        pair.Digital.ToAnalog(BenchmarkHardware.SoftBounds, seed);
        pair.ToBeAnalog.ToAnalog(rule, seed);
        var rate = density * BenchmarkHardware.SoftBounds.Cell.WeightStep / (MeanMagnitude * MeanMagnitude);
        (plainStep, ruleStep) = (new(pair.Digital.parameters(), rate), new(pair.ToBeAnalog.parameters(), rate));
        tile = pair.ToBeAnalog.AnalogTiles().Single().Tile;
    }

    public override IEnumerable<(string Name, double Value)> Figures =>
    [
        ("pulses_per_weight_and_sample", (double)tile.Cells.Pulses / tile.Cells.Examples / tile.WeightCount),
        ("line_reads_per_sample", (double)tile.Cells.Work.LineReads / tile.Cells.Examples),
    ];

    public override void Digital() => Step(pair.Digital, plainStep, 0);

    public override void Analog() => Step(pair.ToBeAnalog, ruleStep, 1);

    public override void Dispose()
    {
        plainStep.Dispose();
        ruleStep.Dispose();
        pair.Dispose();
    }

    private void Step(Linear layer, AnalogSGD optimizer, int side)
    {
        optimizer.zero_grad();
        LayerPair.ForwardBackward(layer, pair.Next(side));
        optimizer.step();
    }
}
