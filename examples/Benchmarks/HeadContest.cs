using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.optim;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Training steps of a last layer of 100 classes on 2,048 features, softmax cross-entropy, on memory and in floating point.</summary>
/// <remarks>
/// Features are a pattern of each class with noise, both normal, cut off at ±1 as scaled features are; so the gradients are those of a training: large at
/// the start, small for what is learnt. Both sides start from the same weights and see the same batches.
/// </remarks>
internal sealed class HeadContest : Contest
{
    private const int Width = 2048, Classes = 100, BatchSize = 64, Batches = 64;
    private const double PatternDeviation = 0.15, NoiseDeviation = 0.3;
    private readonly Side digital, analog;
    private readonly (Tensor X, Tensor Target)[] batches;
    private readonly AnalogTile tile;

    /// <summary>A contest.</summary>
    /// <param name="hardware">The hardware of the layer.</param>
    /// <param name="rate">Learning rate of both sides.</param>
    /// <param name="seed">Seed of all numbers.</param>
    public HeadContest(TileConfig hardware, double rate, long seed)
    {
        var rng = Rng.FromSeed(seed);
        using (NewDisposeScope())
        {
            var patterns = Noise.Normal(rng.Split("patterns"), [Classes, Width]).mul_((float)PatternDeviation);
            batches = [.. Enumerable.Range(0, Batches).Select(i =>
            {
                var target = Noise.Uniform(rng.Split("classes").Split(i), [BatchSize]).mul_(Classes).to_type(ScalarType.Int64).clamp_(0, Classes - 1);
                var x = Noise.Normal(rng.Split("noise").Split(i), [BatchSize, Width]).mul_((float)NoiseDeviation).add_(patterns.index_select(0, target)).clamp_(-1, 1);
                return (x.DetachFromDisposeScope(), target.DetachFromDisposeScope());
            })];
        }
        var (first, second) = (Linear(Width, Classes), Linear(Width, Classes));
        using (no_grad())
        {
            foreach (var (from, to) in first.parameters().Zip(second.parameters()))
            {
                from.copy_(Noise.Uniform(rng.Split("weights"), from.shape).sub_(0.5f).mul_(2 / (float)Math.Sqrt(Width)));
                to.copy_(from);
            }
        }
        second.ToAnalog(hardware, seed);
        tile = second.AnalogTiles().Single().Tile;
        digital = new(first, SGD(first.parameters(), rate));
        analog = new(second, new AnalogSGD(second.parameters(), rate));
    }

    /// <summary>8,000 examples, which hold two transfers of 4,000.</summary>
    public override int StepsPerSegment => 125;

    public override int Segments => 9;

    public override IEnumerable<(string Name, double Value)> Figures =>
        [("pulses_per_weight_and_sample", (double)tile.Cells.Pulses / tile.Cells.Examples / (tile.Inputs * tile.Outputs)), ("weights", tile.Inputs * tile.Outputs)];

    public override void Digital() => digital.Step(batches);

    public override void Analog() => analog.Step(batches);

    public override void Dispose()
    {
        digital.Dispose();
        analog.Dispose();
        foreach (var (x, target) in batches)
        {
            x.Dispose();
            target.Dispose();
        }
    }

    private sealed class Side(Linear layer, Optimizer optimizer) : IDisposable
    {
        private readonly CrossEntropyLoss loss = CrossEntropyLoss();
        private int steps;

        public void Step(IReadOnlyList<(Tensor X, Tensor Target)> batches)
        {
            var (x, target) = batches[steps++ % batches.Count];
            optimizer.zero_grad();
            loss.call(layer.call(x), target).backward();
            optimizer.step();
        }

        public void Dispose()
        {
            loss.Dispose();
            optimizer.Dispose();
            layer.Dispose();
        }
    }
}
