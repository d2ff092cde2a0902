using Microsoft.ML;
using Microsoft.ML.Data;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>A number. The network learns it less the mean of the training labels, over their standard deviation.</summary>
/// <param name="Mean">Mean of the training labels.</param>
/// <param name="Deviation">Their standard deviation; 1 if they are all the same.</param>
internal sealed record RegressionTask(double Mean, double Deviation) : LearningTask
{
    private const string Kind = "Regression";

    public override int Outputs => 1;

    public override string Name => "regression";

    public override double? ScorePerOutput => Deviation;

    public override string LabelType => "Single";

    public override LearningTask? For(DataViewSchema.Column label) => label.Type.Equals(NumberDataViewType.Single) ? this : null;

    public override Func<float> Labels(DataViewRow row, DataViewSchema.Column label)
    {
        var getter = row.GetGetter<float>(label);
        var value = 0f;
        return () =>
        {
            getter(ref value);
            return float.IsFinite(value) ? value : float.NaN;
        };
    }

    public override LearningTask Fitted(Tensor labels, DataViewSchema.Column column)
    {
        using var scope = NewDisposeScope();
        var precise = labels.to_type(ScalarType.Float64);
        var deviation = precise.std(unbiased: false).item<double>();
        return new RegressionTask(precise.mean().item<double>(), deviation > 0 ? deviation : 1);
    }

    public override Tensor Targets(Tensor labels) => labels.sub(Mean).div_(Deviation);

    public override Tensor Losses(Tensor outputs, Tensor targets) => functional.mse_loss(outputs.squeeze(1), targets, reduction: Reduction.None);

    public override IReadOnlyList<ScoreColumn> Columns(uint set) =>
    [
        new(new("Score", NumberDataViewType.Single, AnnotationNames.OfScore(set, Kind, "Score").ToAnnotations()),
            (outputs, place) => (ValueGetter<float>)((ref float score) => score = (float)(Mean + Deviation * outputs[place()]))),
    ];
}
