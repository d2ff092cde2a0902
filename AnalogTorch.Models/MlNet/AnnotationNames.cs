using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Models.MlNet;

/// <summary>Annotations of columns, by ML.NET's names, and those that its trainers give to what they add.</summary>
internal static class AnnotationNames
{
    public const string KeyValues = "KeyValues", SlotNames = "SlotNames", TrainingLabelValues = "TrainingLabelValues", IsNormalized = "IsNormalized";

    private const string ScoreColumnSetId = "ScoreColumnSetId", ScoreColumnKind = "ScoreColumnKind", ScoreValueKind = "ScoreValueKind";
    private static readonly KeyDataViewType SetIdType = new(typeof(uint), int.MaxValue);

    /// <summary>Annotations of one of the columns that belong to a score.</summary>
    /// <param name="set">Number of the set that they are, among those of the schema.</param>
    /// <param name="kind">Kind of the learning task.</param>
    /// <param name="value">What the column is in the set.</param>
    public static DataViewSchema.Annotations.Builder OfScore(uint set, string kind, string value)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue(ScoreColumnSetId, SetIdType, set);
        builder.AddPrimitiveValue(ScoreColumnKind, TextDataViewType.Instance, kind.AsMemory());
        builder.AddPrimitiveValue(ScoreValueKind, TextDataViewType.Instance, value.AsMemory());
        return builder;
    }

    /// <summary>The number of the next set of score columns.</summary>
    public static uint NextSet(IEnumerable<DataViewSchema.Column> schema)
    {
        var last = 0u;
        foreach (var column in schema)
        {
            if (column.Annotations.Schema.GetColumnOrNull(ScoreColumnSetId) is not { Type: KeyDataViewType key } || key.RawType != typeof(uint))
                continue;
            var set = 0u;
            column.Annotations.GetValue(ScoreColumnSetId, ref set);
            last = Math.Max(last, set);
        }
        return last + 1;
    }
}
