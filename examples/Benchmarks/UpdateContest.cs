using AnalogTorch.Core;
using AnalogTorch.Tiles;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The pulsed update of one layer alone, trains drawn from kept inputs and gradients, against a whole digital step of that layer.</summary>
internal sealed class UpdateContest : Contest
{
    private const double MeanMagnitude = 0.5; // of uniform numbers in ±1
    private readonly LayerPair pair;
    private readonly Optimizer optimizer;
    private readonly AnalogTile tile;
    private readonly double rate;
    private long samples;

    /// <summary>A contest on a square layer.</summary>
    /// <param name="size">Number of inputs and of outputs.</param>
    /// <param name="batch">Samples of a step.</param>
    /// <param name="density">Coincidences per weight and sample.</param>
    /// <param name="seed">Seed of all numbers.</param>
    public UpdateContest(int size, int batch, double density, long seed)
    {
        pair = new(size, batch, gradient: 1, seed);
        optimizer = SGD(pair.Digital.parameters(), 1e-6);
        var hardware = BenchmarkHardware.SoftBounds;
        using (no_grad())
            tile = new AnalogTile(hardware, "layer", pair.ToBeAnalog.weight!.detach(), null, Rng.FromSeed(seed));
        rate = density * hardware.Cell.WeightStep / (MeanMagnitude * MeanMagnitude);
    }

    public override IEnumerable<(string Name, double Value)> Figures => [("pulses_per_weight_and_sample", (double)tile.Cells.Pulses / samples / tile.WeightCount)];

    public override void Digital()
    {
        optimizer.zero_grad();
        LayerPair.ForwardBackward(pair.Digital, pair.Next(0));
        optimizer.step();
    }

    public override void Analog()
    {
        var (x, delta) = pair.Next(1);
        samples += x.shape[0];
        tile.Keep(x.detach(), delta.detach());
        tile.Update(rate);
        tile.DropPending();
    }

    public override void Dispose()
    {
        tile.Dispose();
        optimizer.Dispose();
        pair.Dispose();
    }
}
