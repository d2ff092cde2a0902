using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Training of the 784-250-125-10 network on digits, tanh between the layers, softmax cross-entropy, in order of the data.</summary>
/// <remarks>Both sides start from the same weights and see the same images, so the gradients are those of a real training.</remarks>
internal sealed class EpochContest : Contest
{
    private readonly Digits digits;
    private readonly int batch;
    private readonly Side digital, analog;

    /// <summary>A contest.</summary>
    /// <param name="hardware">The hardware of every layer.</param>
    /// <param name="digits">The images.</param>
    /// <param name="batch">Images of a step.</param>
    /// <param name="rate">Learning rate of both sides.</param>
    /// <param name="stepsPerSegment">Steps of a segment.</param>
    /// <param name="segments">Segments of either side.</param>
    /// <param name="seed">Seed of start values and devices.</param>
    public EpochContest(TileConfig hardware, Digits digits, int batch, double rate, int stepsPerSegment, int segments, long seed)
    {
        (this.digits, this.batch, StepsPerSegment, Segments) = (digits, batch, stepsPerSegment, segments);
        digital = new(Mlp.Create(Digits.Network, seed), model => SGD(model.parameters(), rate));
        analog = new(Mlp.Create(Digits.Network, seed), model =>
        {
            model.ToAnalog(hardware, seed);
            return new AnalogSGD(model.parameters(), rate);
        });
    }

    public override int StepsPerSegment { get; }

    public override int Segments { get; }

    public override IEnumerable<(string Name, double Value)> Figures
    {
        get
        {
            var tiles = analog.Model.AnalogTiles().Select(entry => entry.Tile).ToArray();
            var weights = tiles.Sum(tile => tile.Inputs * tile.Outputs);
            yield return ("pulses_per_weight_and_sample", (double)tiles.Sum(tile => tile.Cells.Pulses) / weights / tiles[0].Cells.Examples);
        }
    }

    public override void Digital() => digital.Step(digits, batch);

    public override void Analog() => analog.Step(digits, batch);

    public override void Dispose()
    {
        digital.Dispose();
        analog.Dispose();
    }

    private sealed class Side : IDisposable
    {
        private readonly Optimizer optimizer;
        private readonly CrossEntropyLoss loss = nn.CrossEntropyLoss();
        private long start;

        public Side(Sequential model, Func<Sequential, Optimizer> optimizerOf)
        {
            Model = model;
            optimizer = optimizerOf(model);
        }

        public Sequential Model { get; }

        public void Step(Digits digits, int batch)
        {
            if (start + batch > digits.Count)
                start = 0;
            var (images, labels) = digits.Batch(start, batch);
            start += batch;
            optimizer.zero_grad();
            loss.call(Model.call(images), labels).backward();
            optimizer.step();
        }

        public void Dispose()
        {
            loss.Dispose();
            optimizer.Dispose();
            Model.Dispose();
        }
    }
}
