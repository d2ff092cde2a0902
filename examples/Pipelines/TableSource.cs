using AnalogTorch.Models.Data;
using AnalogTorch.Models.MlNet;
using AnalogTorch.Models.Transfer;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace AnalogTorch.Examples.Pipelines;

/// <summary>What is predicted.</summary>
internal enum Prediction
{
    /// <summary>One of several classes.</summary>
    Multiclass,

    /// <summary>Yes or no.</summary>
    Binary,

    /// <summary>A number.</summary>
    Regression,
}

/// <summary>A table to learn from: rows in training and test sets, and the transforms that bring them to columns "Label" and "Features".</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Prediction">What is predicted.</param>
/// <param name="Unit">Unit of the label of a regression.</param>
/// <param name="Load">Reads or draws the rows; the folder of real data, or an empty name, and whether to make it small.</param>
/// <param name="Prepare">The transforms.</param>
internal sealed record TableSource(
    string Name, Prediction Prediction, string Unit, Func<MLContext, string, bool, (IDataView Train, IDataView Test)> Load, Func<MLContext, IEstimator<ITransformer>> Prepare)
{
    private const string Features = "Features", Folder = "tabular";
    private const double TestShare = 0.2;
    private const int SplitSeed = 1;
    private const int QuickImages = 100, TrainingImages = 4_000, TestImages = 1_000;

    /// <summary>Tables that the program draws.</summary>
    public static IReadOnlyList<TableSource> Drawn { get; } =
    [
        new("waveform", Prediction.Multiclass, "", (ml, _, quick) => Draw(ml, quick, GeneratedTable.Waveform, row => new ClassRow { Features = row.Features, Class = row.Class }, 21), Keyed),
        new("shell", Prediction.Binary, "", (ml, _, quick) => Draw(ml, quick, GeneratedTable.Shell, row => new FlagRow { Features = row.Features, Label = row.Label }, 10), Normalised),
        new("friedman", Prediction.Regression, "", (ml, _, quick) => Draw(ml, quick, GeneratedTable.Friedman, row => new ValueRow { Features = row.Features, Label = row.Value }, 10), Normalised),
    ];

    /// <summary>Tables of files.</summary>
    public static IReadOnlyList<TableSource> OfFiles { get; } =
    [
        new("iris", Prediction.Multiclass, "", (ml, data, _) => Split(ml, Text(ml, data, "iris.txt", '\t', header: true, Column("Class", DataKind.Single, 0), Vector(1, 4))), Keyed),
        new("optdigits", Prediction.Multiclass, "", (ml, data, quick) => (
            Some(ml, Text(ml, data, "optdigits-train.csv", ',', false, Column("Class", DataKind.Single, 64), Vector(0, 63)), quick),
            Some(ml, Text(ml, data, "optdigits-test.csv", ',', false, Column("Class", DataKind.Single, 64), Vector(0, 63)), quick)), Keyed),
        new("breast-cancer", Prediction.Binary, "", (ml, data, _) => Split(ml, Text(ml, data, "breast-cancer.txt", '\t', false, Column("Label", DataKind.Boolean, 0), Vector(1, 9))),
            ml => ml.Transforms.ReplaceMissingValues(Features).Append(Normalised(ml))),
        new("california-housing", Prediction.Regression, "100,000 $", (ml, data, quick) => Split(ml, Some(ml, Text(ml, data, "california-housing.csv", ',', true,
            Vector(0, 7), Column("Dollars", DataKind.Single, 8), Column("Place", DataKind.String, 9)), quick)), Housing),
    ];

    /// <summary>Photographs of ten classes: pixels to features by a pretrained network, which is a transform like others.</summary>
    public static TableSource Images { get; } = new("cifar10-images", Prediction.Multiclass, "", (ml, data, quick) => Photographs(ml, DataFolder.Open(data), quick), Keyed);

    /// <summary>Training photographs, which take long to read.</summary>
    public static int ImagesOf(bool quick) => quick ? QuickImages : TrainingImages;

    /// <summary>The table of a name.</summary>
    public static TableSource Find(string name) => Drawn.Concat(OfFiles).Append(Images).Single(source => source.Name == name);

    /// <summary>The files that a table is read from, below the data folder.</summary>
    public IReadOnlyList<string> Files => Name switch
    {
        "optdigits" => [$"{Folder}/optdigits-train.csv", $"{Folder}/optdigits-test.csv"],
        "iris" or "breast-cancer" => [$"{Folder}/{Name}.txt"],
        "california-housing" => [$"{Folder}/{Name}.csv"],
        _ => [],
    };

    private static (IDataView, IDataView) Draw<TDrawn, TRow>(MLContext ml, bool quick, Func<int, long, TDrawn[]> draw, Func<TDrawn, TRow> row, int features) where TRow : class
    {
        var (train, test) = quick ? (600, 300) : (6_000, 3_000);
        var rows = draw(train + test, 42).Select(row).ToArray();
        var schema = SchemaDefinition.Create(typeof(TRow));
        schema[Features].ColumnType = new VectorDataViewType(NumberDataViewType.Single, features);
        return (ml.Data.LoadFromEnumerable(rows[..train], schema), ml.Data.LoadFromEnumerable(rows[train..], schema));
    }

    private static IDataView Text(MLContext ml, string data, string file, char separator, bool header, params TextLoader.Column[] columns) =>
        ml.Data.LoadFromTextFile(DataFolder.Open(data).Find(Folder, file), columns, separator, header, allowQuoting: false);

    private static TextLoader.Column Column(string name, DataKind kind, int index) => new(name, kind, index);

    private static TextLoader.Column Vector(int first, int last) => new(Features, DataKind.Single, first, last);

    private static (IDataView, IDataView) Split(MLContext ml, IDataView rows)
    {
        var parts = ml.Data.TrainTestSplit(rows, TestShare, seed: SplitSeed);
        return (parts.TrainSet, parts.TestSet);
    }

    private static IDataView Some(MLContext ml, IDataView rows, bool quick) => quick ? ml.Data.TakeRows(rows, 600) : rows;

    private static IEstimator<ITransformer> Normalised(MLContext ml) => ml.Transforms.NormalizeMeanVariance(Features);

    private static IEstimator<ITransformer> Keyed(MLContext ml) =>
        ml.Transforms.Conversion.MapValueToKey("Label", "Class", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Append(Normalised(ml));

    private static IEstimator<ITransformer> Housing(MLContext ml) =>
        ml.Transforms.ReplaceMissingValues(Features, replacementMode: MissingValueReplacingEstimator.ReplacementMode.Mean)
            .Append(ml.Transforms.Categorical.OneHotEncoding("Place"))
            .Append(ml.Transforms.Concatenate(Features, Features, "Place"))
            .Append(ml.Transforms.Expression("Label", "dollars => dollars / 100000f", "Dollars"))
            .Append(Normalised(ml));

    private static (IDataView, IDataView) Photographs(MLContext ml, DataFolder data, bool quick)
    {
        var features = ml.Transforms.BackboneFeatures(Features, "Pixels", PretrainedWeights.Find(data, "squeezenet1_1"), "squeezenet1_1", side: 96);
        IDataView Of(bool train, int count)
        {
            using var set = Cifar.Load10(data, train);
            var pixels = set.Images.narrow(0, 0, count).mul(255).data<float>().ToArray();
            var labels = set.Labels.narrow(0, 0, count).data<long>().ToArray();
            var rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new PictureRow { Pixels = pixels.AsSpan(i * PictureRow.Size, PictureRow.Size).ToArray(), Class = labels[i] }));
            return ml.Data.Cache(features.Fit(rows).Transform(rows), Features, "Class");
        }
        return (Of(true, ImagesOf(quick)), Of(false, quick ? QuickImages : TestImages));
    }

    private sealed class ClassRow
    {
        public float[] Features { get; set; } = [];

        public float Class { get; set; }
    }

    private sealed class FlagRow
    {
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }
    }

    private sealed class ValueRow
    {
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }

    private sealed class PictureRow
    {
        public const int Size = 3 * 32 * 32;

        [VectorType(Size)]
        public float[] Pixels { get; set; } = [];

        public float Class { get; set; }
    }
}
