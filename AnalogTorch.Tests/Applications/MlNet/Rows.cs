using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Models.MlNet;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.MlNet;

/// <summary>A row of drawn data, with a label for each task.</summary>
internal sealed class DrawnRow
{
    [VectorType(Rows.Features)]
    public float[] Features { get; set; } = [];

    public string Kind { get; set; } = "";

    public bool Flag { get; set; }

    public float Number { get; set; }

    public float Weight { get; set; } = 1;

    public int Index { get; set; }
}

/// <summary>What is read of a scored row.</summary>
internal sealed class ScoredRow
{
    public uint PredictedLabel { get; set; }

    public float[] Score { get; set; } = [];
}

/// <summary>Three clouds of points, and trainers for them.</summary>
internal static class Rows
{
    public const int Features = 4;
    public static readonly string[] Kinds = ["one", "three", "two"];

    public static DrawnRow[] Draw(int count, long seed = 1)
    {
        using var scope = NewDisposeScope();
        var normal = Noise.Normal(Rng.FromSeed(seed), [count, Features]).data<float>().ToArray();
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var kind = i % 3;
            var features = normal.AsSpan(i * Features, Features).ToArray();
            for (var j = 0; j < Features; j++)
                features[j] = 10 + 0.5f * features[j] + (j == kind ? 2 : 0);
            return new DrawnRow { Features = features, Kind = Kinds[kind], Flag = kind == 1, Number = 1000 + 50 * features[0] - 20 * features[1], Index = i };
        })];
    }

    public static IDataView View(MLContext ml, int count, long seed = 1) => ml.Data.LoadFromEnumerable(Draw(count, seed));

    /// <summary>The options with the label of a task.</summary>
    public static AnalogNetworkOptions Options(string task, Action<AnalogNetworkOptions>? change = null)
    {
        var options = new AnalogNetworkOptions { LabelColumnName = task switch { "multiclass" => "Label", "binary" => "Flag", _ => "Number" }, Epochs = 3, Seed = 7, Network = new MlpNetwork { HiddenUnits = [8] } };
        change?.Invoke(options);
        return options;
    }

    public static AnalogNetworkTrainer Trainer(MLContext ml, string task, Action<AnalogNetworkOptions>? change = null)
    {
        var options = Options(task, change);
        return task switch
        {
            "multiclass" => ml.MulticlassClassification.Trainers.AnalogNetwork(options),
            "binary" => ml.BinaryClassification.Trainers.AnalogNetwork(options),
            _ => ml.Regression.Trainers.AnalogNetwork(options),
        };
    }

    /// <summary>A trainer of ML.NET for the same columns.</summary>
    public static IEstimator<ITransformer> Native(MLContext ml, string task) => task switch
    {
        "multiclass" => ml.MulticlassClassification.Trainers.SdcaMaximumEntropy(),
        "binary" => ml.BinaryClassification.Trainers.SdcaLogisticRegression("Flag"),
        _ => ml.Regression.Trainers.Sdca("Number"),
    };

    public static EstimatorChain<Microsoft.ML.Transforms.ValueToKeyMappingTransformer> Keys(MLContext ml) =>
        new EstimatorChain<Microsoft.ML.Transforms.ValueToKeyMappingTransformer>().Append(ml.Transforms.Conversion.MapValueToKey("Label", "Kind", keyOrdinality: Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue));

    /// <summary>Values of all columns that the trainer added, row by row, as text with every bit.</summary>
    public static string[] Scores(ITransformer model, IDataView data)
    {
        var scored = model.Transform(data);
        return [.. Values(scored, [.. scored.Schema.Where(column => column.Name is "Score" or "PredictedLabel" or "Probability")])];
    }

    public static IEnumerable<string> Values(IDataView data, IReadOnlyList<DataViewSchema.Column> columns)
    {
        using var cursor = data.GetRowCursor(columns);
        var readers = columns.Select(column => Reader(cursor, column)).ToArray();
        while (cursor.MoveNext())
            yield return string.Join(" ", readers.Select(reader => reader()));
    }

    public static Func<string> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is VectorDataViewType { ItemType: NumberDataViewType })
        {
            var getter = row.GetGetter<VBuffer<float>>(column);
            var value = default(VBuffer<float>);
            return () =>
            {
                getter(ref value);
                return string.Join(",", value.DenseValues().Select(Bits));
            };
        }
        if (column.Type is TextDataViewType)
            return Of<ReadOnlyMemory<char>>(row, column, text => text.ToString());
        if (column.Type is BooleanDataViewType)
            return Of<bool>(row, column, flag => flag.ToString());
        if (column.Type.RawType == typeof(uint))
            return Of<uint>(row, column, key => key.ToString());
        if (column.Type.RawType == typeof(int))
            return Of<int>(row, column, number => number.ToString());
        return Of<float>(row, column, Bits);
    }

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "Create")]
    public static extern SchemaShape ShapeOf(SchemaShape? of, DataViewSchema schema);

    private static Func<string> Of<T>(DataViewRow row, DataViewSchema.Column column, Func<T, string> text)
    {
        var getter = row.GetGetter<T>(column);
        var value = default(T)!;
        return () =>
        {
            getter(ref value);
            return text(value);
        };
    }

    private static string Bits(float value) => float.IsNaN(value) ? "NaN" : BitConverter.SingleToUInt32Bits(value).ToString("x8");
}
