using AnalogTorch.Models.MlNet;
using AnalogTorch.Presets;
using Microsoft.ML;
using Microsoft.ML.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.MlNet;

/// <summary>How data views are scored: in batches, in memory that does not grow, the same every time, by any number of readers.</summary>
public class BatchTests
{
    [Fact]
    public void TheNetworkSeesBatchesAndAnEngineRows()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var data = Rows.View(ml, 1000);
        var model = Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass", options =>
        {
            (options.Network, options.Epochs, options.BatchSize) = (new WatchedNetwork(), 1, 100);
        })).Fit(data);
        ml.Model.Save(model, data.Schema, folder.At("model.zip"));
        var loaded = new MLContext().Model.Load(folder.At("model.zip"), out _);
        foreach (var each in new[] { model, loaded })
        {
            Assert.Equal([256L, 256, 256, 232], WatchedNetwork.BatchesIn(() => Assert.Equal(1000, Rows.Scores(each, data).Length)));
            using var engine = ml.Model.CreatePredictionEngine<DrawnRow, ScoredRow>(each);
            Assert.Equal([1L, 1, 1], WatchedNetwork.BatchesIn(() => Rows.Draw(3).Select(engine.Predict).ToArray()));
        }
        // A column that is not of the network runs no network.
        Assert.Empty(WatchedNetwork.BatchesIn(() => Assert.Equal(1000, Rows.Values(model.Transform(data), [model.Transform(data).Schema["Index"]]).Count())));
    }

    [Fact]
    public void OtherColumnsStayWithTheirRows()
    {
        var ml = new MLContext(1);
        var data = Rows.View(ml, 700);
        var model = Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass")).Fit(data);
        var scored = model.Transform(data);
        var names = new[] { "Index", "Kind", "Features", "Flag", "Label" };
        var columns = names.Append("Score").Select(name => scored.Schema[name]).ToArray();
        var alone = Rows.Keys(ml).Fit(data).Transform(data);
        Assert.Equal(
            Rows.Values(alone, [.. names.Select(name => alone.Schema[name])]),
            Rows.Values(scored, columns).Select(line => line[..line.LastIndexOf(' ')]));
        Assert.Equal(700, scored.GetRowCount());

        using var source = data.GetRowCursor([]);
        using var cursor = scored.GetRowCursor(columns);
        var (sourceId, id) = (source.GetIdGetter(), cursor.GetIdGetter());
        var (expected, actual) = (default(DataViewRowId), default(DataViewRowId));
        for (var row = 0; row < 700; row++)
        {
            Assert.True(source.MoveNext() && cursor.MoveNext());
            sourceId(ref expected);
            id(ref actual);
            Assert.Equal((row, expected), (cursor.Position, actual));
        }
        Assert.False(cursor.MoveNext());
        Assert.Contains("at no row", Assert.Throws<InvalidOperationException>(() => id(ref actual)).Message, StringComparison.Ordinal);
        Assert.Contains("not asked for", Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<float>(scored.Schema["Weight"])).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read as Boolean", Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<bool>(scored.Schema["Score"])).Message, StringComparison.Ordinal);
        Assert.Single(scored.GetRowCursorSet(columns, 4));
    }

    /// <summary>The hardware's noise is the same whenever a data view is read, by however many at once.</summary>
    [Fact]
    public void NoiseIsTheSameForEveryReader()
    {
        var ml = new MLContext(1);
        var data = Rows.View(ml, 600);
        ITransformer model = Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass")).Fit(data);
        var chip = model.Programmed(after: 10);
        foreach (var each in new[] { model, chip })
        {
            var first = Rows.Scores(each, data);
            Assert.Equal(first, Rows.Scores(each, data));
            // Two cursors in turns.
            var scored = each.Transform(data);
            DataViewSchema.Column[] columns = [scored.Schema["PredictedLabel"], scored.Schema["Score"]];
            using var one = Rows.Values(scored, columns).GetEnumerator();
            using var other = Rows.Values(scored, columns).GetEnumerator();
            for (var row = 0; row < 600; row++)
            {
                Assert.True(one.MoveNext() && other.MoveNext());
                Assert.Equal((first[row], first[row]), (one.Current, other.Current));
            }
        }
        // Rows of a batch meet noise of their own, of which a converter's steps let little through.
        var same = ml.Data.LoadFromEnumerable(Enumerable.Repeat(Rows.Draw(1)[0], 50));
        Assert.True(Rows.Scores(model, same).Distinct().Count() > 3);
    }

    /// <summary>Engines of many threads on one loaded model, as a pool has them, give what one engine gives, while garbage is collected all the time.</summary>
    [Theory]
    [InlineData("digital", false)]
    [InlineData("aware", false)]
    [InlineData("memory", false)]
    [InlineData("aware", true)]
    public void EnginesOfAPoolGiveWhatOneGives(string training, bool programmed)
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var data = Rows.View(ml, 300);
        ITransformer model = Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass", options => options.Training = ConformanceTests.Trainings[training])).Fit(data);
        ml.Model.Save(programmed ? model.Programmed(after: 100) : model, data.Schema, folder.At("model.zip"));
        var loaded = ml.Model.Load(folder.At("model.zip"), out _);
        var rows = Rows.Draw(100, seed: 9);
        using var single = ml.Model.CreatePredictionEngine<DrawnRow, ScoredRow>(loaded);
        var expected = rows.Select(row => single.Predict(row).Score).ToArray();
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0);
                Thread.Sleep(1);
            }
        });
        collector.Start();
        try
        {
            Parallel.For(0, 8, _ =>
            {
                using var engine = ml.Model.CreatePredictionEngine<DrawnRow, ScoredRow>(loaded);
                for (var i = 0; i < 20 * rows.Length; i++)
                    Assert.Equal(expected[i % rows.Length], engine.Predict(rows[i % rows.Length]).Score);
            });
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }
    }

    /// <summary>A million rows take the memory of a few.</summary>
    [Fact]
    public void MemoryDoesNotGrowWithRows()
    {
        var ml = new MLContext(1);
        var model = Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass", options => options.Training = new DigitalTraining())).Fit(Rows.View(ml, 300));
        var row = Rows.Draw(1)[0];
        var scored = model.Transform(ml.Data.LoadFromEnumerable(Enumerable.Repeat(row, 1_000_000)));
        using var cursor = scored.GetRowCursor([scored.Schema["Score"], scored.Schema["Index"]]);
        var getter = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        var score = default(VBuffer<float>);
        var (managed, tensors, count) = (0L, 0L, 0);
        while (cursor.MoveNext())
        {
            getter(ref score);
            if (++count == 10_000)
                (managed, tensors) = (GC.GetTotalMemory(forceFullCollection: true), LiveTensors.Settled());
        }
        Assert.Equal(1_000_000, count);
        LiveTensors.AssertNoneSince(tensors);
        // A byte a row would be a megabyte.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - managed, long.MinValue, 500_000);
    }

    /// <summary>Rows with missing features get scores that are not numbers, and leave the others as they are.</summary>
    [Fact]
    public void MissingFeaturesGiveMissingScoresAndDisturbNobody()
    {
        var ml = new MLContext(1);
        var data = Rows.View(ml, 300);
        var model = Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass")).Fit(data);
        var rows = Rows.Draw(300);
        rows[5].Features[2] = float.NaN;
        var (clean, holed) = (Rows.Scores(model, data), Rows.Scores(model, ml.Data.LoadFromEnumerable(rows)));
        Assert.Equal("0 NaN,NaN,NaN", holed[5]);
        Assert.Equal(clean.Where((_, i) => i != 5), holed.Where((_, i) => i != 5));
        var flags = Rows.Trainer(ml, "binary").Fit(data);
        Assert.Equal("False NaN NaN", Rows.Scores(flags, ml.Data.LoadFromEnumerable(rows))[5]);
    }
}

/// <summary>A network that tells how many rows it sees at a time.</summary>
public sealed class WatchedNetwork : NetworkFactory
{
    private static readonly List<long> Seen = [];

    public override Module<Tensor, Tensor> Create(NetworkShape shape)
    {
        var network = new MlpNetwork { HiddenUnits = [5] }.Create(shape);
        network.register_forward_pre_hook((_, x) =>
        {
            lock (Seen)
                Seen.Add(x.shape[0]);
            return x;
        });
        return network;
    }

    internal static long[] BatchesIn(Action work)
    {
        lock (Seen)
            Seen.Clear();
        work();
        lock (Seen)
            return [.. Seen];
    }
}
