using Microsoft.ML;
using Microsoft.ML.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>One of several classes. Scores are probabilities, as those of ML.NET's maximum-entropy trainers.</summary>
/// <param name="Classes">Number of classes.</param>
/// <param name="Names">What their keys stand for, or null if they stand for nothing.</param>
internal sealed record MulticlassTask(int Classes, KeyNames? Names) : LearningTask
{
    private const string Kind = "MulticlassClassification";

    public override int Outputs => Classes;

    public override string Name => "multiclass classification";

    public override double? ScorePerOutput => null;

    public override string LabelType => "Key<UInt32>";

    public override LearningTask? For(DataViewSchema.Column label) =>
        label.Type is KeyDataViewType { Count: <= int.MaxValue } key && key.RawType == typeof(uint) ? new MulticlassTask((int)key.Count, KeyNames.Of(label)) : null;

    public override Func<float> Labels(DataViewRow row, DataViewSchema.Column label)
    {
        var getter = row.GetGetter<uint>(label);
        var key = 0u;
        return () =>
        {
            getter(ref key);
            return key == 0 ? float.NaN : key - 1;
        };
    }

    public override LearningTask Fitted(Tensor labels, DataViewSchema.Column column)
    {
        using var scope = NewDisposeScope();
        if (Classes < 2 || labels.min().item<float>() == labels.max().item<float>())
            throw new InvalidOperationException($"Label column '{column.Name}' of type {column.Type} must hold two or more classes, but all {labels.shape[0]} training rows are of one: add rows of the others, or filter by another column.");
        return this;
    }

    public override Tensor Targets(Tensor labels) => labels.to_type(ScalarType.Int64);

    public override Tensor Losses(Tensor outputs, Tensor targets) => functional.cross_entropy(outputs, targets, reduction: Reduction.None);

    public override IReadOnlyList<ScoreColumn> Columns(uint set)
    {
        var label = AnnotationNames.OfScore(set, Kind, "PredictedLabel");
        var score = AnnotationNames.OfScore(set, Kind, "Score");
        Names?.AddTo(label, AnnotationNames.KeyValues);
        Names?.AddTo(score, AnnotationNames.TrainingLabelValues);
        if (Names is { IsText: true })
            Names.AddTo(score, AnnotationNames.SlotNames);
        return
        [
            new(new("PredictedLabel", new KeyDataViewType(typeof(uint), Classes), label.ToAnnotations()), Label),
            new(new("Score", new VectorDataViewType(NumberDataViewType.Single, Classes), score.ToAnnotations()), Score),
        ];
    }

    /// <summary>The key of the largest output; 0, which is missing, for outputs that are not numbers.</summary>
    private Delegate Label(float[] outputs, Func<int> place) => (ValueGetter<uint>)((ref uint key) =>
    {
        var scores = outputs.AsSpan(place() * Classes, Classes);
        key = 0;
        for (var i = 0; i < scores.Length; i++)
            if (key == 0 ? !float.IsNaN(scores[i]) : scores[i] > scores[(int)key - 1])
                key = (uint)i + 1;
    });

    private Delegate Score(float[] outputs, Func<int> place) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> scores) =>
    {
        var logits = outputs.AsSpan(place() * Classes, Classes);
        var editor = VBufferEditor.Create(ref scores, Classes);
        var (largest, sum) = (float.NegativeInfinity, 0.0);
        foreach (var logit in logits)
            largest = Math.Max(largest, logit);
        for (var i = 0; i < Classes; i++)
            sum += editor.Values[i] = MathF.Exp(logits[i] - largest);
        for (var i = 0; i < Classes; i++)
            editor.Values[i] = (float)(editor.Values[i] / sum);
        scores = editor.Commit();
    });
}
