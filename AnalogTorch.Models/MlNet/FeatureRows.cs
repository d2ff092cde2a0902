using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Models.MlNet;

/// <summary>The features of a batch of rows.</summary>
internal sealed class FeatureRows(DataViewRow input, DataViewSchema.Column column, int width, int capacity)
{
    private readonly ValueGetter<VBuffer<float>> source = input.GetGetter<VBuffer<float>>(column);
    private readonly bool[] isMissing = new bool[capacity];
    private VBuffer<float> row;

    /// <summary>Features, row by row; 0 where a row misses some, so that converters which share a range among the batch do not see it.</summary>
    public float[] Values { get; } = new float[capacity * width];

    /// <summary>Whether a row has features that are not finite.</summary>
    public bool IsMissing(int place) => isMissing[place];

    /// <summary>Reads the row that the input is at.</summary>
    public void Read(int place)
    {
        source(ref row);
        var values = Values.AsSpan(place * width, width);
        row.CopyTo(values);
        isMissing[place] = false;
        foreach (var value in values)
            isMissing[place] |= !float.IsFinite(value);
        if (isMissing[place])
            values.Clear();
    }
}
