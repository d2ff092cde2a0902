using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Models.MlNet;

/// <summary>Reads features, runs the network on them, and gives scores.</summary>
internal sealed class NetworkReader : BatchReader
{
    private readonly RunningNetwork network;
    private readonly IReadOnlyList<ScoreColumn> columns;
    private readonly ValueGetter<VBuffer<float>> source;
    private readonly int width;
    private readonly int outputs;
    private readonly float[] inputs;
    private readonly float[] results;
    private readonly bool[] isMissing;
    private VBuffer<float> row;

    public NetworkReader(DataViewRow input, DataViewSchema.Column features, RunningNetwork network, SavedNetwork saved, IReadOnlyList<ScoreColumn> columns, int capacity)
        : base(capacity)
    {
        (this.network, this.columns) = (network, columns);
        (width, outputs) = (saved.Features, saved.Task.Outputs);
        source = input.GetGetter<VBuffer<float>>(features);
        (inputs, results, isMissing) = (new float[capacity * width], new float[capacity * outputs], new bool[capacity]);
    }

    public override void Read(int place)
    {
        source(ref row);
        var values = inputs.AsSpan(place * width, width);
        row.CopyTo(values);
        isMissing[place] = false;
        foreach (var value in values)
            isMissing[place] |= !float.IsFinite(value);
        if (isMissing[place])
            values.Clear(); // so that converters which share a range among the batch do not see it
    }

    public override void Compute(int count, long batch)
    {
        network.Compute(inputs, results, count, batch);
        for (var place = 0; place < count; place++)
            if (isMissing[place])
                results.AsSpan(place * outputs, outputs).Fill(float.NaN);
    }

    public override Delegate Getter(int added, Func<int> place) => columns[added].Getter(results, place);
}
