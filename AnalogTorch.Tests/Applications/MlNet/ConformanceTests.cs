using AnalogTorch.Models.MlNet;
using AnalogTorch.Presets;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Tests.MlNet;

/// <summary>What ML.NET asks of every estimator and transformer.</summary>
public class ConformanceTests
{
    public static TheoryData<string> Tasks => ["multiclass", "binary", "regression"];

    /// <summary>Columns, types and annotations are those that a trainer of ML.NET gives, with the same values.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void TheSchemaIsThatOfATrainerOfMlNet(string task)
    {
        var ml = new MLContext(1);
        var data = Rows.Keys(ml).Fit(Rows.View(ml, 60)).Transform(Rows.View(ml, 60));
        var own = Rows.Trainer(ml, task).Fit(data);
        var native = Rows.Native(ml, task).Fit(data);
        Assert.Equal(Describe(native.GetOutputSchema(data.Schema)), Describe(own.GetOutputSchema(data.Schema)));
        // And of a second one in the same pipeline, whose columns are another set; ML.NET puts them beside those that they hide.
        var second = native.Transform(data);
        Assert.Equal(Describe(native.GetOutputSchema(second.Schema)).Order(StringComparer.Ordinal), Describe(own.GetOutputSchema(second.Schema)).Order(StringComparer.Ordinal));
    }

    /// <summary>What an estimator says before it is fitted holds for what it makes.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void TheShapeSaysWhatTheSchemaWillBe(string task)
    {
        var ml = new MLContext(1);
        var data = Rows.Keys(ml).Fit(Rows.View(ml, 60)).Transform(Rows.View(ml, 60));
        var trainer = Rows.Trainer(ml, task);
        var said = trainer.GetOutputSchema(Rows.ShapeOf(null, data.Schema));
        var transformer = trainer.Fit(data);
        var made = Rows.ShapeOf(null, transformer.Transform(data).Schema);
        Assert.Equal(Describe(made), Describe(said));
        Assert.Equal(Describe(transformer.GetOutputSchema(data.Schema)), Describe(transformer.Transform(data).Schema));
        Assert.Equal(Describe(transformer.GetOutputSchema(data.Schema)), Describe(transformer.GetRowToRowMapper(data.Schema).OutputSchema));
        Assert.True(trainer.Info.NeedNormalization);
        Assert.Equal(("Features", Rows.Features), (transformer.FeatureColumnName, ((VectorDataViewType)transformer.FeatureColumnType).Size));
    }

    /// <summary>Saved and loaded, a pipeline has the same schema and gives the same bits: trained in each way, programmed or not, batch by batch and row by row.</summary>
    [Theory]
    [InlineData("multiclass", "digital", false)]
    [InlineData("multiclass", "aware", false)]
    [InlineData("multiclass", "memory", false)]
    [InlineData("multiclass", "aware", true)]
    [InlineData("binary", "memory", true)]
    [InlineData("regression", "digital", true)]
    public void SavedAndLoadedItIsTheSame(string task, string training, bool programmed)
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var data = Rows.View(ml, 600);
        ITransformer model = Rows.Keys(ml).Append(Rows.Trainer(ml, task, options => options.Training = Trainings[training])).Fit(data);
        if (programmed)
            model = model.Programmed(after: 3600, PcmPresets.FourPhaseInference, seed: 3, recalibrateWith: task == "binary" ? null : data);
        ml.Model.Save(model, data.Schema, folder.At("model.zip"));
        var loaded = new MLContext().Model.Load(folder.At("model.zip"), out var schema);
        Assert.Equal(Describe(data.Schema), Describe(schema));
        Assert.Equal(Describe(model.Transform(data).Schema), Describe(loaded.Transform(data).Schema));
        Assert.Equal(Rows.Scores(model, data), Rows.Scores(loaded, data));
        if (task == "multiclass")
        {
            using var engine = ml.Model.CreatePredictionEngine<DrawnRow, ScoredRow>(model);
            using var other = new MLContext().Model.CreatePredictionEngine<DrawnRow, ScoredRow>(loaded);
            Assert.All(Rows.Draw(20, seed: 5), row => Assert.Equal(engine.Predict(row).Score, other.Predict(row).Score));
        }
        // And saved a second time.
        new MLContext().Model.Save(loaded, schema, folder.At("again.zip"));
        Assert.Equal(Rows.Scores(model, data), Rows.Scores(new MLContext().Model.Load(folder.At("again.zip"), out _), data));
    }

    /// <summary>Models that were saved as a blank column, a key and a name are still read, and saved again.</summary>
    [Fact]
    public void AnOlderModelIsStillRead()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var data = Rows.View(ml, 300);
        var keys = Rows.Keys(ml).Fit(data);
        var network = Rows.Trainer(ml, "multiclass").Fit(keys.Transform(data));
        var blanks = ml.Data.LoadFromEnumerable<BlankRow>([new()]);
        var state = ml.Data.LoadFromEnumerable<BlankRow>([new() { Blank = network.WriteState() }]);
        var states = ml.Transforms.Conversion.MapValueToKey(SavedState.StateColumn, SavedState.BlankColumn, keyData: state);
        ITransformer older = new TransformerChain<ITransformer>(keys, new TransformerChain<ITransformer>(
            ml.Transforms.CustomMapping<Nothing, BlankRow>(BlankFactory.Fill, BlankFactory.Contract).Fit(blanks),
            states.Fit(blanks),
            ml.Transforms.CustomMapping<Nothing, Nothing>(Nothing.Leave, NetworkLoader.Signature).Fit(blanks)));
        ml.Model.Save(older, data.Schema, folder.At("older.zip"));
        var loaded = new MLContext().Model.Load(folder.At("older.zip"), out var schema);
        var expected = Rows.Scores(network, keys.Transform(data));
        Assert.Equal(expected, Rows.Scores(loaded, data));
        Assert.Equal(Describe(network.Transform(keys.Transform(data)).Schema), Describe(loaded.Transform(data).Schema));
        new MLContext().Model.Save(loaded, schema, folder.At("again.zip"));
        Assert.Equal(expected, Rows.Scores(new MLContext().Model.Load(folder.At("again.zip"), out _), data));
        // On a chip it is an ordinary network.
        Assert.Equal(0, ((IEnumerable<ITransformer>)loaded.Programmed(after: 0)).OfType<AnalogNetworkTransformer>().Single().Time);
    }

    /// <summary>Keys stand for values of other types than text as well.</summary>
    [Theory]
    [InlineData(DataKind.Single)]
    [InlineData(DataKind.Int32)]
    [InlineData(DataKind.Boolean)]
    [InlineData(DataKind.String)]
    public void KeysOfEveryTypeOfValueGoIntoTheZip(DataKind kind)
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var data = Rows.View(ml, 60);
        var model = ml.Transforms.CopyColumns("Value", kind == DataKind.Boolean ? "Flag" : "Index").Append(ml.Transforms.Conversion.ConvertType("Value", outputKind: kind))
            .Append(ml.Transforms.Conversion.MapValueToKey("Label", "Value")).Append(Rows.Trainer(ml, "multiclass", options => options.Epochs = 1)).Fit(data);
        ml.Model.Save(model, data.Schema, folder.At("model.zip"));
        var loaded = new MLContext().Model.Load(folder.At("model.zip"), out _);
        var scored = loaded.Transform(data);
        Assert.Equal(Describe(model.Transform(data).Schema), Describe(scored.Schema));
        var back = ml.Transforms.Conversion.MapKeyToValue("Back", "PredictedLabel").Fit(scored).Transform(scored);
        Assert.Equal(model.Transform(data).Schema["Value"].Type, back.Schema["Back"].Type);
        Assert.Equal(60, Rows.Values(back, [back.Schema["Back"]]).Count());
    }

    /// <summary>Cross-validation and feature importance, which ML.NET runs on any estimator, run on this one.</summary>
    [Fact]
    public void CrossValidationAndFeatureImportanceRun()
    {
        var ml = new MLContext(1);
        var data = Rows.View(ml, 300);
        var results = ml.MulticlassClassification.CrossValidate(data, Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass", options => options.Epochs = 40)), numberOfFolds: 3);
        Assert.All(results, result => Assert.True(result.Metrics.MicroAccuracy > 0.8, $"{result.Metrics.MicroAccuracy}"));
        var keyed = Rows.Keys(ml).Fit(data).Transform(data);
        var trained = Rows.Trainer(ml, "regression", options => options.Epochs = 10).Fit(keyed);
        var importance = ml.Regression.PermutationFeatureImportance(trained, trained.Transform(keyed), "Number", permutationCount: 2);
        Assert.Equal(Rows.Features, importance.Length);
        Assert.True(importance[0].RSquared.Mean < importance[3].RSquared.Mean, "The first feature decides the number, the last has no part in it.");
    }

    internal static Dictionary<string, NetworkTraining> Trainings { get; } = new() { ["digital"] = new DigitalTraining(), ["aware"] = new HardwareAwareTraining(), ["memory"] = new InMemoryTraining { Hardware = PcmPresets.MspLsp with { Forward = PcmPresets.EightBitPath } } };

    /// <summary>A schema as text: columns, types, annotations and their values.</summary>
    internal static string[] Describe(DataViewSchema schema) => [.. schema.Select(column =>
        $"{column.Name} {column.Type} {column.IsHidden}: {string.Join(", ", column.Annotations.Schema.OrderBy(a => a.Name, StringComparer.Ordinal).Select(a => $"{a.Name} {a.Type} = {Value(column.Annotations, a)}"))}")];

    private static string Value(DataViewSchema.Annotations annotations, DataViewSchema.Column annotation) => annotation.Type switch
    {
        TextDataViewType => Get<ReadOnlyMemory<char>>(annotations, annotation).ToString(),
        BooleanDataViewType => Get<bool>(annotations, annotation).ToString(),
        KeyDataViewType => Get<uint>(annotations, annotation).ToString(),
        VectorDataViewType { ItemType: TextDataViewType } => string.Join("|", Get<VBuffer<ReadOnlyMemory<char>>>(annotations, annotation).DenseValues()),
        VectorDataViewType { ItemType: BooleanDataViewType } => string.Join("|", Get<VBuffer<bool>>(annotations, annotation).DenseValues()),
        VectorDataViewType { ItemType.RawType: var type } when type == typeof(float) => string.Join("|", Get<VBuffer<float>>(annotations, annotation).DenseValues()),
        VectorDataViewType { ItemType.RawType: var type } when type == typeof(int) => string.Join("|", Get<VBuffer<int>>(annotations, annotation).DenseValues()),
        var other => throw new NotSupportedException($"{annotation.Name} is {other}"),
    };

    private static T Get<T>(DataViewSchema.Annotations annotations, DataViewSchema.Column annotation)
    {
        var value = default(T)!;
        annotations.GetValue(annotation.Name, ref value);
        return value;
    }

    internal static string[] Describe(SchemaShape shape) =>
        [.. shape.Select(column => $"{column.Name} {column.Kind} {column.ItemType} {column.IsKey}: {string.Join(", ", column.Annotations.Select(a => $"{a.Name} {a.Kind} {a.ItemType} {a.IsKey}").Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal)];
}
