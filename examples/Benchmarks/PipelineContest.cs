using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Models.MlNet;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Transfer;
using Microsoft.ML;
using Microsoft.ML.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The fit of a network in an ML.NET pipeline, from data view to transformer, and the loop that one writes for TorchSharp on the same rows.</summary>
/// <remarks>Both begin with the numbers in managed memory and train the same network, Adam, the same batches, to the same weights.</remarks>
internal sealed class PipelineContest : Contest
{
    private const int Rows = 4_000, Features = 64, Hidden = 64, Classes = 10, BatchSize = 16, Epochs = 5;
    private const double LearningRate = 3e-3;
    private readonly long seed;
    private readonly Row[] rows;
    private readonly IDataView view;
    private readonly AnalogNetworkTrainer trainer;

    /// <summary>A contest.</summary>
    /// <param name="seed">Seed of all numbers.</param>
    public PipelineContest(long seed)
    {
        this.seed = seed;
        using var scope = NewDisposeScope();
        var values = Noise.Normal(Rng.FromSeed(seed), [Rows, Features]).data<float>().ToArray();
        rows = [.. Enumerable.Range(0, Rows).Select(i =>
        {
            var features = values.AsSpan(i * Features, Features).ToArray();
            features[i % Classes] += 2;
            return new Row { Features = features, Label = (uint)(i % Classes) + 1 };
        })];
        var ml = new MLContext(1);
        view = ml.Data.LoadFromEnumerable(rows);
        trainer = ml.MulticlassClassification.Trainers.AnalogNetwork(new AnalogNetworkOptions
        {
            Network = new MlpNetwork { HiddenUnits = [Hidden] },
            Training = new DigitalTraining { LearningRate = LearningRate },
            Epochs = Epochs,
            BatchSize = BatchSize,
            FinalLearningRateShare = 1,
            Seed = (int)seed,
        });
    }

    public override IEnumerable<(string Name, double Value)> Figures => [("rows", Rows), ("epochs", Epochs)];

    public override void Digital()
    {
        var x = tensor(rows.SelectMany(row => row.Features).ToArray(), [Rows, Features]);
        var labels = tensor(rows.Select(row => (long)row.Label - 1).ToArray());
        using var scaling = FeatureScaling.Fit(x);
        var inputs = scaling.call(x);
        using var network = Mlp.Create([Features, Hidden, Classes], seed);
        using var optimizer = optim.Adam(network.parameters(), LearningRate);
        using var loss = CrossEntropyLoss();
        network.train();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            var order = NetworkOrder(epoch);
            for (var start = 0; start < Rows; start += BatchSize)
            {
                using var scope = NewDisposeScope();
                var batch = order.narrow(0, start, BatchSize);
                optimizer.zero_grad();
                loss.call(network.call(inputs.index_select(0, batch)), labels.index_select(0, batch)).backward();
                optimizer.step();
            }
        }
    }

    public override void Analog() => trainer.Fit(view).Unload();

    public override void Dispose()
    {
    }

    private Tensor NetworkOrder(int epoch) => Noise.Uniform(Rng.FromSeed(seed).Split("order").Split(epoch), [Rows]).argsort();

    private sealed class Row
    {
        [VectorType(PipelineContest.Features)]
        public float[] Features { get; set; } = [];

        [KeyType(Classes)]
        public uint Label { get; set; }
    }
}
