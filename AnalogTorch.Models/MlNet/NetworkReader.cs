using Microsoft.ML;

namespace AnalogTorch.Models.MlNet;

/// <summary>Reads features, runs the network on them, and gives scores.</summary>
internal sealed class NetworkReader(
    DataViewRow input, DataViewSchema.Column features, RunningNetwork network, SavedNetwork saved, IReadOnlyList<ScoreColumn> columns, int capacity)
    : BatchReader(capacity)
{
    private readonly int outputs = saved.Task.Outputs;
    private readonly FeatureRows rows = new(input, features, saved.Features, capacity);
    private readonly float[] results = new float[capacity * saved.Task.Outputs];

    public override void Read(int place) => rows.Read(place);

    public override void Compute(int count, long batch)
    {
        network.Compute(rows.Values, results, count, batch);
        for (var place = 0; place < count; place++)
            if (rows.IsMissing(place))
                results.AsSpan(place * outputs, outputs).Fill(float.NaN);
    }

    public override Delegate Getter(int added, Func<int> place) => columns[added].Getter(results, place);
}
