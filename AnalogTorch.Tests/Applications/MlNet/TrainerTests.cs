using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.MlNet;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Transfer;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using Microsoft.ML;
using Microsoft.ML.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.MlNet;

/// <summary>What trainers learn, and what they say when they cannot.</summary>
public class TrainerTests
{
    private static readonly TileConfig Ideal = new()
    {
        Cell = new SingleDevice { Device = new ConstantStep { Max = 100, Min = -100, DwMinVariation = 0, UpDownVariation = 0, MaxVariation = 0, MinVariation = 0, CycleNoise = 0 } },
        Update = new ExactUpdate(),
    };

    /// <summary>A pipeline on ideal memory learns what the loop learns that one writes for TorchSharp, to the rounding of floats.</summary>
    [Theory]
    [InlineData("multiclass")]
    [InlineData("binary")]
    [InlineData("regression")]
    public void IdealMemoryLearnsWhatTheBareLoopLearns(string task)
    {
        const int Epochs = 4, Batch = 10;
        const double Rate = 0.1;
        var ml = new MLContext(1);
        var (train, test) = (Rows.Draw(300), Rows.Draw(300, seed: 2));
        var model = Rows.Keys(ml).Append(Rows.Trainer(ml, task, options =>
            (options.Training, options.Epochs, options.BatchSize, options.FinalLearningRateShare) = (new InMemoryTraining { Hardware = Ideal, LearningRate = Rate }, Epochs, Batch, 1))).Fit(ml.Data.LoadFromEnumerable(train));
        var scored = model.Transform(ml.Data.LoadFromEnumerable(test));

        using var scope = NewDisposeScope();
        var x = Matrix(train);
        using var scaling = FeatureScaling.Fit(x);
        var outputs = task == "multiclass" ? 3 : 1;
        using var network = Mlp.Create([Rows.Features, 8, outputs], seed: 7);
        using var optimizer = optim.SGD(network.parameters(), Rate);
        var numbers = tensor(train.Select(row => row.Number).ToArray());
        var (mean, deviation) = (numbers.mean().item<float>(), numbers.std(unbiased: false).item<float>());
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            var order = NetworkFit.OrderOf(300, Rng.FromSeed(7).Split("order").Split(epoch));
            for (var start = 0; start < 300; start += Batch)
            {
                var batch = order.narrow(0, start, Batch);
                var rows = batch.data<long>().Select(i => train[i]).ToArray();
                optimizer.zero_grad();
                var y = network.call(scaling.call(x.index_select(0, batch)));
                var loss = task switch
                {
                    "multiclass" => functional.cross_entropy(y, tensor(rows.Select(row => (long)Array.IndexOf(Rows.Kinds, row.Kind)).ToArray())),
                    "binary" => functional.binary_cross_entropy_with_logits(y.squeeze(1), tensor(rows.Select(row => row.Flag ? 1f : 0).ToArray())),
                    _ => functional.mse_loss(y.squeeze(1), numbers.index_select(0, batch).sub(mean).div(deviation)),
                };
                loss.backward();
                optimizer.step();
            }
        }
        var raw = network.call(scaling.call(Matrix(test)));
        var bare = (task switch { "multiclass" => functional.softmax(raw, 1), "binary" => raw, _ => raw.mul(deviation).add(mean) }).data<float>().ToArray();
        var own = task == "multiclass"
            ? ml.Data.CreateEnumerable<ScoredRow>(scored, false).SelectMany(row => row.Score).ToArray()
            : [.. scored.GetColumn<float>("Score")];
        // 120 steps round some numbers of order 1 a few times each; labels of the regression are in units of some 50.
        Assert.All(bare.Zip(own), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 120 * 50 * 1.2e-7 * (task == "regression" ? deviation : 1)));
        if (task == "multiclass")
            Assert.Equal(Enumerable.Range(0, 300).Count(i => Best(bare.AsSpan(3 * i, 3)) == Array.IndexOf(Rows.Kinds, test[i].Kind)) / 300.0, ml.MulticlassClassification.Evaluate(scored).MicroAccuracy, 6);
        if (task == "regression")
            Assert.Equal(Math.Sqrt(Enumerable.Range(0, 300).Average(i => Math.Pow(bare[i] - test[i].Number, 2))), ml.Regression.Evaluate(scored, "Number").RootMeanSquaredError, 3);
    }

    /// <summary>Each way of training learns the classes, and its network keeps 98 % of its accuracy for a day on a chip with compensation.</summary>
    [Theory]
    [InlineData("digital")]
    [InlineData("aware")]
    [InlineData("memory")]
    public void EveryWayLearnsAndLastsADay(string training)
    {
        var ml = new MLContext(1);
        var model = Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass", options => (options.Training, options.Epochs) = (ConformanceTests.Trainings[training], 15))).Fit(Rows.View(ml, 900));
        var test = Rows.View(ml, 900, seed: 2);
        var trained = ml.MulticlassClassification.Evaluate(model.Transform(test)).MicroAccuracy;
        Assert.True(trained > 0.95, $"{trained}");
        var days = Enumerable.Range(0, 3).Average(seed => ml.MulticlassClassification.Evaluate(model.Programmed(after: 1 * Units.Day, seed: seed).Transform(test)).MicroAccuracy);
        Assert.True(days >= 0.98 * trained, $"{days} of {trained}");
        Assert.Equal(1 * Units.Day, model.Programmed(after: 1 * Units.Day).AnalogNetworks().Single().Time);
        Assert.Null(model.AnalogNetworks().Single().Time);
    }

    /// <summary>A loaded pipeline goes onto the chip that the fitted one goes onto.</summary>
    [Fact]
    public void ALoadedPipelineCanBeProgrammed()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var data = Rows.View(ml, 300);
        var model = Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass")).Append(ml.Transforms.Conversion.MapKeyToValue("Name", "PredictedLabel")).Fit(data);
        ml.Model.Save(model, data.Schema, folder.At("model.zip"));
        var loaded = new MLContext().Model.Load(folder.At("model.zip"), out _);
        Assert.Equal(Rows.Scores(model.Programmed(1 * Units.Year, seed: 4), data), Rows.Scores(loaded.Programmed(1 * Units.Year, seed: 4), data));
        Assert.Equal(Rows.Scores(model, data), Rows.Scores(loaded, data)); // which is left as it was
        Assert.Contains("Name", loaded.Programmed(1).Transform(data).Schema.Select(column => column.Name));
        Assert.Contains("there is none", Assert.Throws<ArgumentException>(() => Rows.Keys(ml).Fit(data).Programmed(1)).Message, StringComparison.Ordinal);
        Assert.Contains("at least 0 s", Assert.Throws<ArgumentOutOfRangeException>(() => model.Programmed(-1)).Message, StringComparison.Ordinal);
    }

    /// <summary>Recalibrated on rows that go through the whole pipeline, a chip comes nearer to the network; fitted and loaded alike.</summary>
    [Fact]
    public void AProgrammedPipelineCanBeRecalibrated()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var (data, other) = (Rows.View(ml, 300), Rows.View(ml, 300, seed: 2));
        var model = ml.Transforms.NormalizeMinMax("Features").Append(Rows.Trainer(ml, "regression", options => options.Training = new DigitalTraining())).Fit(data);
        var digital = Numbers(model);
        var (bare, recalibrated) = (model.Programmed(1 * Units.Year, seed: 4), model.Programmed(1 * Units.Year, seed: 4, recalibrateWith: data));
        Assert.True(Error(recalibrated) < 0.9 * Error(bare), $"{Error(recalibrated)} of {Error(bare)}");
        ml.Model.Save(model, data.Schema, folder.At("model.zip"));
        var loaded = new MLContext().Model.Load(folder.At("model.zip"), out _);
        Assert.Equal(Rows.Scores(recalibrated, other), Rows.Scores(loaded.Programmed(1 * Units.Year, seed: 4, recalibrateWith: data), other));
        var none = ml.Data.FilterRowsByColumn(data, "Number", lowerBound: 1e9);
        Assert.Contains("no row with finite values in column 'Features'", Assert.Throws<InvalidOperationException>(() => model.Programmed(1, recalibrateWith: none)).Message, StringComparison.Ordinal);
        var alone = ml.Transforms.DropColumns("Features").Fit(data).Transform(data);
        Assert.Contains("'Features'", Assert.Throws<ArgumentOutOfRangeException>(() => model.AnalogNetworks().Single().Programmed(1, recalibrateWith: alone)).Message, StringComparison.Ordinal);

        double Error(ITransformer pipeline) => Math.Sqrt(Numbers(pipeline).Zip(digital, (now, then) => Math.Pow(now - then, 2)).Average());

        float[] Numbers(ITransformer pipeline) => [.. pipeline.Transform(other).GetColumn<float>("Score")];
    }

    /// <summary>The error of a regression with noise of its own grows by no more than 2 % in a day on the chip that is made for it.</summary>
    [Fact]
    public void ARegressionLastsADayOnThePreciseChip()
    {
        var ml = new MLContext(1);
        var (train, test) = (Drawn(6_000, 1), Drawn(2_000, 2));
        var chip = PcmPresets.PreciseInference;
        var model = ml.Transforms.NormalizeMeanVariance("Features").Append(ml.Regression.Trainers.AnalogNetwork(new AnalogNetworkOptions
        {
            Network = new MlpNetwork { HiddenUnits = [128] },
            Training = new DigitalTraining(),
            Seed = 1,
        })).Fit(train);
        var trained = Error(model);
        Assert.InRange(trained, 1, 1.2); // 1 is the noise of the numbers, 5 their deviation
        var days = Enumerable.Range(0, 3).Average(seed => Error(model.Programmed(after: 1 * Units.Day, chip, seed, recalibrateWith: train)));
        Assert.True(trained >= 0.98 * days, $"{days} after {trained}");

        double Error(ITransformer pipeline) => ml.Regression.Evaluate(pipeline.Transform(test)).RootMeanSquaredError;

        IDataView Drawn(int count, long seed)
        {
            var schema = SchemaDefinition.Create(typeof(FriedmanRow));
            schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 10);
            return ml.Data.LoadFromEnumerable(GeneratedTable.Friedman(count, seed).Select(row => new FriedmanRow { Features = row.Features, Label = row.Value }), schema);
        }
    }

    /// <summary>Any module, with rules for its layers; a static method or a class goes into the zip, a lambda does not.</summary>
    [Fact]
    public void AnyModuleCanBeTheNetwork()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var data = Rows.View(ml, 300);
        ITransformer Fit(NetworkFactory network) => Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass", options => (options.Network, options.Training, options.Rules) =
            (network, new HardwareAwareTraining(), [LayerRule.Of<TorchSharp.Modules.Linear>(PcmPresets.HardwareAware), LayerRule.Digital("*")]))).Fit(data);
        foreach (var network in new[] { NetworkFactory.Of(TwoLayers), new OwnNetwork { Units = 6 } })
        {
            var model = Fit(network);
            ml.Model.Save(model, data.Schema, folder.At("model.zip"));
            var loaded = new MLContext().Model.Load(folder.At("model.zip"), out _);
            Assert.Equal(Rows.Scores(model, data), Rows.Scores(loaded, data));
            Assert.Equal(6, loaded.AnalogNetworks().Single().Model.parameters().First().shape[0]);
        }
        var lambda = Fit(NetworkFactory.Of(shape => TwoLayers(shape)));
        Assert.Equal(300, Rows.Scores(lambda, data).Length);
        Assert.Contains("lambda, which cannot be saved", Assert.Throws<InvalidOperationException>(() => ml.Model.Save(lambda, data.Schema, folder.At("other.zip"))).Message, StringComparison.Ordinal);
        var hidden = Fit(new HiddenNetwork());
        Assert.Contains("HiddenNetwork must be a public class", Assert.Throws<InvalidOperationException>(() => ml.Model.Save(hidden, data.Schema, folder.At("other.zip"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheBestNetworkOnTheValidationRowsIsKept()
    {
        var ml = new MLContext(1);
        var keys = Rows.Keys(ml).Fit(Rows.View(ml, 60));
        var (train, test) = (keys.Transform(Rows.View(ml, 60)), keys.Transform(Rows.View(ml, 300, seed: 3)));
        var epochs = new List<TrainingEpoch>();
        var trainer = Rows.Trainer(ml, "multiclass", options =>
        {
            (options.Training, options.Epochs, options.Patience, options.FinalLearningRateShare) = (new DigitalTraining { LearningRate = 0.3 }, 60, 4, 1);
            options.EpochDone = epochs.Add;
        });
        var model = trainer.Fit(train, test);
        var best = epochs.MinBy(epoch => epoch.ValidationLoss);
        Assert.True(epochs.Count < 60, "A rate as large as this stops getting better.");
        Assert.Equal(best.Epoch + 4, epochs.Count);
        Assert.Equal(best.ValidationLoss, ml.MulticlassClassification.Evaluate(model.Transform(test)).LogLoss, 1e-4);

        epochs.Clear();
        Rows.Trainer(ml, "multiclass", options => (options.ValidationFraction, options.EpochDone) = (0.25, epochs.Add)).Fit(train);
        Assert.All(epochs, epoch => Assert.True(double.IsFinite(epoch.ValidationLoss)));
        Assert.Contains("leave out one of them", Assert.Throws<ArgumentException>(() => Rows.Trainer(ml, "multiclass", options => options.ValidationFraction = 0.1).Fit(train, test)).Message, StringComparison.Ordinal);
        Assert.Contains("leaves 0 of 60 rows", Assert.Throws<InvalidOperationException>(() => Rows.Trainer(ml, "multiclass", options => options.ValidationFraction = 0.001).Fit(train)).Message, StringComparison.Ordinal);
    }

    /// <summary>Rows of weight 0 are as if they were not there, but for the steps that they take a place in.</summary>
    [Fact]
    public void WeightsWeighRows()
    {
        var ml = new MLContext(1);
        var rows = Rows.Draw(300);
        foreach (var row in rows.Where(row => row.Kind == "two"))
            row.Weight = 0;
        var data = ml.Data.LoadFromEnumerable(rows);
        var model = Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass", options => (options.ExampleWeightColumnName, options.Epochs) = ("Weight", 10))).Fit(data);
        Assert.All(ml.Data.CreateEnumerable<ScoredRow>(model.Transform(data), false), row => Assert.NotEqual(3u, row.PredictedLabel));
    }

    [Fact]
    public void SeedsComeFromTheContext()
    {
        string[] Scores(int? context, int? seed)
        {
            var ml = new MLContext(context);
            return Rows.Scores(Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass", options => options.Seed = seed)).Fit(Rows.View(ml, 90)), Rows.View(ml, 90));
        }
        Assert.Equal(Scores(1, null), Scores(1, null));
        Assert.NotEqual(Scores(1, null), Scores(2, null));
        Assert.Equal(Scores(1, 5), Scores(2, 5));
    }

    [Fact]
    public void TheContextHearsOfEpochsAndOfRowsLeftOut()
    {
        var ml = new MLContext(1);
        var heard = new List<string>();
        ml.Log += (_, log) => heard.Add(log.Message);
        var rows = Rows.Draw(90);
        rows[4].Features[0] = float.PositiveInfinity;
        rows[7].Kind = "unheard of";
        var keys = Rows.Keys(ml).Fit(Rows.View(ml, 90));
        Rows.Trainer(ml, "multiclass").Fit(keys.Transform(ml.Data.LoadFromEnumerable(rows)));
        Assert.Contains(heard, line => line.Contains("Source=AnalogNetworkTrainer; Training, Kind=Info] Epoch 3 of 3: loss", StringComparison.Ordinal));
        Assert.Contains(heard, line => line.Contains("Kind=Warning] Skipped 1 of 90 training instances with values in column 'Features'", StringComparison.Ordinal));
        Assert.Contains(heard, line => line.Contains("Kind=Warning] Skipped 1 of 90 training instances without a label in column 'Label'", StringComparison.Ordinal));
    }

    [Fact]
    public void TrainingCanBeStopped()
    {
        var ml = new MLContext(1);
        var keyed = Rows.Keys(ml).Fit(Rows.View(ml, 90)).Transform(Rows.View(ml, 90));
        using var stop = new CancellationTokenSource();
        var epochs = 0;
        var trainer = Rows.Trainer(ml, "multiclass", options =>
        {
            (options.Epochs, options.Cancel) = (1000, stop.Token);
            options.EpochDone = _ =>
            {
                if (++epochs == 2)
                    stop.Cancel();
            };
        });
        Assert.Throws<OperationCanceledException>(() => trainer.Fit(keyed));
        Assert.Equal(2, epochs);
    }

    /// <summary>Training and scoring leave no tensor behind, and what is made within a dispose scope outlives it.</summary>
    [Fact]
    public void NoTensorIsLeftBehind()
    {
        var ml = new MLContext(1);
        var data = Rows.View(ml, 90);
        var keyed = Rows.Keys(ml).Fit(data).Transform(data);
        void Once()
        {
            AnalogNetworkTransformer model;
            using (NewDisposeScope())
            {
                model = Rows.Trainer(ml, "multiclass", options => options.ValidationFraction = 0.2).Fit(keyed);
                Rows.Scores(model, keyed);
            }
            var chip = model.Programmed(1);
            var scores = Rows.Scores(chip, keyed);
            chip.Unload();
            Assert.Equal(scores, Rows.Scores(chip, keyed)); // of the same network, made anew
            Assert.Equal(90, Rows.Scores(model, keyed).Length);
            chip.Unload();
            model.Unload();
        }
        static long Left(Action work)
        {
            work();
            var settled = LiveTensors.Settled();
            work();
            return LiveTensors.Settled() - settled;
        }
        // torch counts the parameters of a network that is gone as alive. Four are made: one to train, one to score, two on chips.
        Assert.Equal(4 * Left(() => Mlp.Create([Rows.Features, 8, 3], seed: 1).Dispose()), Left(Once));
    }

    private static int Best(ReadOnlySpan<float> scores) => scores[0] > scores[1] && scores[0] > scores[2] ? 0 : scores[1] > scores[2] ? 1 : 2;

    private static Tensor Matrix(DrawnRow[] rows) => tensor(rows.SelectMany(row => row.Features).ToArray(), [rows.Length, Rows.Features]);

    private static Module<Tensor, Tensor> TwoLayers(NetworkShape shape) => Mlp.Create([shape.Features, 6, shape.Outputs], shape.Seed);

    private sealed class HiddenNetwork : NetworkFactory
    {
        public override Module<Tensor, Tensor> Create(NetworkShape shape) => TwoLayers(shape);
    }
}

/// <summary>A network of a user's own.</summary>
public sealed class OwnNetwork : NetworkFactory
{
    public long Units { get; init; } = 3;

    public override Module<Tensor, Tensor> Create(NetworkShape shape) => Mlp.Create([shape.Features, Units, shape.Outputs], shape.Seed);
}

/// <summary>A row of numbers with noise.</summary>
internal sealed class FriedmanRow
{
    public float[] Features { get; set; } = [];

    public float Label { get; set; }
}
