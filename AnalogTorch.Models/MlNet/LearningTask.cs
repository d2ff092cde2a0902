using System.Text.Json.Serialization;
using Microsoft.ML;
using static TorchSharp.torch;

namespace AnalogTorch.Models.MlNet;

/// <summary>What a network learns: which labels there are, which loss it is trained with, and which columns its outputs become.</summary>
[JsonDerivedType(typeof(MulticlassTask), "multiclass")]
[JsonDerivedType(typeof(BinaryTask), "binary")]
[JsonDerivedType(typeof(RegressionTask), "regression")]
internal abstract record LearningTask
{
    /// <summary>Outputs of the network.</summary>
    [JsonIgnore]
    public abstract int Outputs { get; }

    /// <summary>What it is called, in messages.</summary>
    [JsonIgnore]
    public abstract string Name { get; }

    /// <summary>By how much the score changes with the network's output; null if there is a score for each of several classes.</summary>
    [JsonIgnore]
    public abstract double? ScorePerOutput { get; }

    /// <summary>The type that labels must have, as ML.NET's messages name it.</summary>
    [JsonIgnore]
    public abstract string LabelType { get; }

    /// <summary>The task with what the label's column says, or null if it is of another type.</summary>
    public abstract LearningTask? For(DataViewSchema.Column label);

    /// <summary>Reads a label of the row that the data view is at; not a number for a missing one.</summary>
    public abstract Func<float> Labels(DataViewRow row, DataViewSchema.Column label);

    /// <summary>The task with what the training rows' labels say.</summary>
    /// <param name="labels">float32 [examples].</param>
    /// <param name="column">The label's column, for messages.</param>
    /// <exception cref="InvalidOperationException">Nothing can be learnt from them.</exception>
    public abstract LearningTask Fitted(Tensor labels, DataViewSchema.Column column);

    /// <summary>Labels as the loss wants them.</summary>
    public abstract Tensor Targets(Tensor labels);

    /// <summary>Loss of each example [examples].</summary>
    public abstract Tensor Losses(Tensor outputs, Tensor targets);

    /// <summary>The columns that are added, in ML.NET's order.</summary>
    /// <param name="set">Number of the set of score columns.</param>
    public abstract IReadOnlyList<ScoreColumn> Columns(uint set);
}

/// <summary>A column that outputs of the network become.</summary>
/// <param name="Column">Its name, type and annotations.</param>
/// <param name="Getter">Its values, from the outputs of the example at a place: memory of the batch, and the place.</param>
internal sealed record ScoreColumn(DataViewSchema.DetachedColumn Column, Func<float[], Func<int>, Delegate> Getter);
