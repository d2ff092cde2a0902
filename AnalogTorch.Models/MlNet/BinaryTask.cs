using Microsoft.ML;
using Microsoft.ML.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>Yes or no, with a probability.</summary>
internal sealed record BinaryTask : LearningTask
{
    private const string Kind = "BinaryClassification";

    /// <summary>The score above which a row is said to be true.</summary>
    public float Threshold { get; init; }

    public override int Outputs => 1;

    public override string Name => "binary classification";

    public override double? ScorePerOutput => 1;

    public override string LabelType => "Boolean";

    public override LearningTask? For(DataViewSchema.Column label) => label.Type is BooleanDataViewType ? this : null;

    public override Func<float> Labels(DataViewRow row, DataViewSchema.Column label)
    {
        var getter = row.GetGetter<bool>(label);
        var value = false;
        return () =>
        {
            getter(ref value);
            return value ? 1 : 0;
        };
    }

    public override LearningTask Fitted(Tensor labels, DataViewSchema.Column column)
    {
        using var scope = NewDisposeScope();
        if (labels.min().item<float>() == labels.max().item<float>())
            throw new InvalidOperationException($"Label column '{column.Name}' of type {column.Type} must hold both classes, but all {labels.shape[0]} training rows are {(labels[0].item<float>() > 0 ? "true" : "false")}: add rows of the other, or filter by another column.");
        return this;
    }

    public override Tensor Targets(Tensor labels) => labels;

    public override Tensor Losses(Tensor outputs, Tensor targets) => functional.binary_cross_entropy_with_logits(outputs.squeeze(1), targets, reduction: Reduction.None);

    public override IReadOnlyList<ScoreColumn> Columns(uint set)
    {
        var probability = AnnotationNames.OfScore(set, Kind, "Probability");
        probability.AddPrimitiveValue(AnnotationNames.IsNormalized, BooleanDataViewType.Instance, true);
        return
        [
            new(new("PredictedLabel", BooleanDataViewType.Instance, AnnotationNames.OfScore(set, Kind, "PredictedLabel").ToAnnotations()),
                (outputs, place) => (ValueGetter<bool>)((ref bool label) => label = outputs[place()] > Threshold)),
            new(new("Score", NumberDataViewType.Single, AnnotationNames.OfScore(set, Kind, "Score").ToAnnotations()),
                (outputs, place) => (ValueGetter<float>)((ref float score) => score = outputs[place()])),
            new(new("Probability", NumberDataViewType.Single, probability.ToAnnotations()),
                (outputs, place) => (ValueGetter<float>)((ref float value) => value = 1 / (1 + MathF.Exp(-outputs[place()])))),
        ];
    }
}
