using AnalogTorch.Models.MlNet;
using AnalogTorch.Presets;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Tests.MlNet;

/// <summary>A row with columns to choose from.</summary>
internal sealed class PlainRow
{
    public float A { get; set; }

    public float B { get; set; }

    public float C { get; set; }

    public string Word { get; set; } = "";

    public string Kind { get; set; } = "";

    public int Code { get; set; }

    [KeyType(3)]
    public uint Key { get; set; }

    public bool Flag { get; set; }

    public float Number { get; set; }

    public float Weight { get; set; } = 1;
}

/// <summary>A place in a program where a trainer stands: one of ours, or ML.NET's for the same task.</summary>
/// <param name="Task">The task.</param>
/// <param name="Kind">How ours is trained, or <c>SDCA</c>.</param>
internal sealed record Place(string Task, string Kind)
{
    public const string Native = "SDCA", Chip = "programmed";
    public static readonly string[] Kinds = ["digital", "aware", "memory", Chip];
    public static readonly string[] Tasks = ["binary", "multiclass", "regression"];
    private static readonly Dictionary<(string, string), ITransformer> Fitted = [];
    private static readonly PlainRow[] All = Draw();

    public MLContext Ml { get; } = new(1);

    public bool IsNative => Kind == Native;

    public string Label => Task switch { "binary" => "Flag", "multiclass" => "Label", _ => "Number" };

    public IDataView Data => View(_ => true);

    /// <summary>What comes before the trainer.</summary>
    public EstimatorChain<Microsoft.ML.Transforms.ValueToKeyMappingTransformer> Before =>
        new EstimatorChain<ITransformer>().Append(Ml.Transforms.Concatenate("Features", "A", "B", "C"))
            .Append(Ml.Transforms.Conversion.MapValueToKey("Label", "Kind"));

    public EstimatorChain<ITransformer> Pipeline => Before.Append(Trainer());

    /// <summary>The pipeline fitted to the data, once for all habits.</summary>
    public ITransformer Model
    {
        get
        {
            lock (Fitted)
                return Fitted.TryGetValue((Task, Kind), out var model) ? model : Fitted[(Task, Kind)] = Fit(Pipeline);
        }
    }

    /// <summary>The predictor of the pipeline.</summary>
    public ITransformer Last => ((IEnumerable<ITransformer>)Model).Last();

    public IDataView Scored => Model.Transform(Data);

    public IDataView View(Func<PlainRow, bool> which) => Ml.Data.LoadFromEnumerable(All.Where(which).ToArray());

    /// <summary>Fits a pipeline, and puts its network on a chip where that is the kind.</summary>
    public ITransformer Fit(IEstimator<ITransformer> pipeline, IDataView? data = null)
    {
        var model = pipeline.Fit(data ?? Data);
        return Kind == Chip ? model.Programmed(after: 3600) : model;
    }

    public IEstimator<ITransformer> Trainer(string? label = null, string features = "Features", string? weight = null)
    {
        label ??= Label;
        if (!IsNative)
            return Own(label, features, weight);
        return Task switch
        {
            "binary" => Ml.BinaryClassification.Trainers.SdcaLogisticRegression(label, features, weight, maximumNumberOfIterations: 1),
            "multiclass" => Ml.MulticlassClassification.Trainers.SdcaMaximumEntropy(label, features, weight, maximumNumberOfIterations: 1),
            _ => Ml.Regression.Trainers.Sdca(label, features, weight, maximumNumberOfIterations: 1),
        };
    }

    public AnalogNetworkTrainer Own(string label, string features = "Features", string? weight = null)
    {
        var options = new AnalogNetworkOptions
        {
            LabelColumnName = label,
            FeatureColumnName = features,
            ExampleWeightColumnName = weight,
            Epochs = 1,
            Seed = 7,
            Network = new MlpNetwork { HiddenUnits = [3] },
            Training = ConformanceTests.Trainings[Kind == Chip ? "aware" : Kind],
        };
        return Task switch
        {
            "binary" => Ml.BinaryClassification.Trainers.AnalogNetwork(options),
            "multiclass" => Ml.MulticlassClassification.Trainers.AnalogNetwork(options),
            _ => Ml.Regression.Trainers.AnalogNetwork(options),
        };
    }

    /// <summary>A model saved, and loaded by another context.</summary>
    public ITransformer Reloaded(ITransformer model, int times = 1)
    {
        using var folder = new TemporaryFolder();
        var schema = Data.Schema;
        for (var i = 0; i < times; i++)
        {
            Ml.Model.Save(model, schema, folder.At($"{i}.zip"));
            model = new MLContext().Model.Load(folder.At($"{i}.zip"), out schema);
        }
        return model;
    }

    /// <summary>Names of the features that permutation finds the importance of.</summary>
    public string[] Importance(ITransformer model, int? rows = null, IDataView? scored = null)
    {
        scored ??= model.Transform(Data);
        var names = Task switch
        {
            "binary" => Ml.BinaryClassification.PermutationFeatureImportanceNonCalibrated(model, scored, Label, numberOfExamplesToUse: rows).Keys,
            "multiclass" => Ml.MulticlassClassification.PermutationFeatureImportance(model, scored, Label, numberOfExamplesToUse: rows).Keys,
            _ => Ml.Regression.PermutationFeatureImportance(model, scored, Label, numberOfExamplesToUse: rows).Keys,
        };
        return [.. names.Order(StringComparer.Ordinal)];
    }

    private static PlainRow[] Draw() => [.. Rows.Draw(60).Select((row, i) => new PlainRow
    {
        A = row.Features[0],
        B = row.Features[1],
        C = row.Features[2],
        Word = i % 2 == 0 ? "even" : "odd",
        Kind = row.Kind,
        Code = row.Kind switch { "one" => 7, "two" => 9, _ => 12 },
        Key = (uint)(i % 3) + 1,
        Flag = row.Flag,
        Number = row.Number,
        Weight = 1 + i % 2,
    })];
}
