using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Models.MlNet;

/// <summary>The columns of a data view that a network is trained on, and checks of columns in ML.NET's words.</summary>
/// <param name="Features">Features, a vector of Single of known size.</param>
/// <param name="Label">The label.</param>
/// <param name="Weight">Weights of the examples, or null.</param>
internal sealed record TrainingColumns(DataViewSchema.Column Features, DataViewSchema.Column Label, DataViewSchema.Column? Weight)
{
    /// <summary>Number of features.</summary>
    public int Width => ((VectorDataViewType)Features.Type).Size;

    /// <summary>Finds the columns in a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="options">Their names.</param>
    /// <param name="task">What is learnt; it becomes that of the label's column.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public static TrainingColumns Of(DataViewSchema schema, AnalogNetworkOptions options, ref LearningTask task)
    {
        var features = FeaturesIn(schema, options.FeatureColumnName);
        var label = Find(schema, "label", options.LabelColumnName);
        task = task.For(label) ?? throw Mismatch("label", label, task.LabelType, task is MulticlassTask ? "map the classes to keys with mlContext.Transforms.Conversion.MapValueToKey" : "convert it with mlContext.Transforms.Conversion.ConvertType");
        if (options.ExampleWeightColumnName is not { } name)
            return new(features, label, null);
        var weight = Find(schema, "weight", name);
        return weight.Type.Equals(NumberDataViewType.Single) ? new(features, label, weight) : throw Mismatch("weight", weight, "Single", "convert it with mlContext.Transforms.Conversion.ConvertType");
    }

    /// <summary>The column of features, of a certain width if one is given.</summary>
    public static DataViewSchema.Column FeaturesIn(DataViewSchema schema, string name, int width = 0)
    {
        var column = Find(schema, "feature", name);
        var isVector = column.Type is VectorDataViewType { IsKnownSize: true } vector && vector.ItemType.Equals(NumberDataViewType.Single);
        return isVector && (width == 0 || ((VectorDataViewType)column.Type).Size == width)
            ? column
            : throw Mismatch("feature", column, width == 0 ? "Vector<Single> of known size" : $"Vector<Single, {width}>", width == 0 ? "gather numbers with mlContext.Transforms.Concatenate" : "give it the features that the network was trained on");
    }

    /// <summary>A column by name, the last of that name.</summary>
    public static DataViewSchema.Column Find(DataViewSchema schema, string role, string name) =>
        schema.GetColumnOrNull(name) ?? throw new ArgumentOutOfRangeException("inputSchema", $"Could not find {role} column '{name}': the columns are {string.Join(", ", schema.Where(column => !column.IsHidden).Select(column => column.Name))}.");

    /// <summary>A column of another type than it must have.</summary>
    public static ArgumentOutOfRangeException Mismatch(string role, DataViewSchema.Column column, string expected, string remedy) =>
        new("inputSchema", $"Schema mismatch for {role} column '{column.Name}': expected {expected}, got {column.Type}; {remedy}.");
}
