using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace AnalogTorch.Models.MlNet;

/// <summary>Rows of a data view as tensors.</summary>
/// <param name="Features">float32 [examples, features].</param>
/// <param name="Labels">float32 [examples].</param>
/// <param name="Weights">float32 [examples], or null.</param>
internal sealed record TrainingRows(Tensor Features, Tensor Labels, Tensor? Weights) : IDisposable
{
    private const int Block = 8192;

    public long Count => Labels.shape[0];

    /// <summary>Reads all rows. Those with a missing feature, label or weight are left out, with a warning that says how many.</summary>
    /// <exception cref="InvalidOperationException">No row is left.</exception>
    public static TrainingRows Read(IDataView data, TrainingColumns columns, LearningTask task, string what, IChannel channel, CancellationToken cancel)
    {
        using var scope = NewDisposeScope();
        var needed = columns.Weight is { } weight ? new[] { columns.Features, columns.Label, weight } : [columns.Features, columns.Label];
        using var cursor = data.GetRowCursor(needed);
        var getFeatures = cursor.GetGetter<VBuffer<float>>(columns.Features);
        var getLabel = task.Labels(cursor, columns.Label);
        var getWeight = columns.Weight is { } column ? cursor.GetGetter<float>(column) : (ref float value) => value = 1;

        var width = columns.Width;
        var (features, labels, weights) = (new Blocks(width), new Blocks(1), new Blocks(1));
        var row = default(VBuffer<float>);
        var exampleWeight = 1f;
        var (seen, withoutFeatures, withoutLabel) = (0L, 0L, 0L);
        while (cursor.MoveNext())
        {
            if (seen++ % Block == 0)
                cancel.ThrowIfCancellationRequested();
            var label = getLabel();
            getWeight(ref exampleWeight);
            if (float.IsNaN(label))
            {
                withoutLabel++;
                continue;
            }
            getFeatures(ref row);
            var place = features.Next();
            row.CopyTo(place);
            if (!AllFinite(place) || !(exampleWeight >= 0 && float.IsFinite(exampleWeight)))
            {
                features.TakeBack();
                withoutFeatures++;
                continue;
            }
            labels.Next()[0] = label;
            weights.Next()[0] = exampleWeight;
        }
        if (seen == 0)
            throw new InvalidOperationException($"The {what} set has no rows: there is nothing in columns '{columns.Features.Name}' and '{columns.Label.Name}' to learn from.");
        if (withoutFeatures + withoutLabel == seen)
        {
            throw new InvalidOperationException(
                $"No valid {what} instances found: of {seen} rows {withoutFeatures} have values in column '{columns.Features.Name}' ({columns.Features.Type}) or in their weight that are not finite, and {withoutLabel} have no label in column '{columns.Label.Name}' ({columns.Label.Type}); replace missing values first, as with mlContext.Transforms.ReplaceMissingValues.");
        }
        if (withoutFeatures > 0)
            channel.Warning(MessageSensitivity.None, $"Skipped {withoutFeatures} of {seen} {what} instances with values in column '{columns.Features.Name}', or weights, that are missing or not finite.");
        if (withoutLabel > 0)
            channel.Warning(MessageSensitivity.None, $"Skipped {withoutLabel} of {seen} {what} instances without a label in column '{columns.Label.Name}'.");
        var rows = new TrainingRows(features.ToTensor(), labels.ToTensor().squeeze(1), columns.Weight is null ? null : weights.ToTensor().squeeze(1));
        rows.Features.DetachFromDisposeScope();
        rows.Labels.DetachFromDisposeScope();
        rows.Weights?.DetachFromDisposeScope();
        return rows;
    }

    /// <summary>Reads the features of all rows in which they are finite, float32 [examples, features].</summary>
    /// <exception cref="InvalidOperationException">There is no such row.</exception>
    public static Tensor ReadFeatures(IDataView data, DataViewSchema.Column column)
    {
        using var cursor = data.GetRowCursor([column]);
        var getter = cursor.GetGetter<VBuffer<float>>(column);
        var (features, row, count) = (new Blocks(((VectorDataViewType)column.Type).Size), default(VBuffer<float>), 0L);
        while (cursor.MoveNext())
        {
            getter(ref row);
            var place = features.Next();
            row.CopyTo(place);
            if (AllFinite(place))
                count++;
            else
                features.TakeBack();
        }
        return count > 0
            ? features.ToTensor()
            : throw new InvalidOperationException($"Programmed cannot recalibrate: there is no row with finite values in column '{column.Name}' ({column.Type}); give it some hundred rows like those that will be scored.");
    }

    /// <summary>Some of the rows.</summary>
    /// <param name="indices">Which, int64.</param>
    public TrainingRows Select(Tensor indices) =>
        new(Features.index_select(0, indices).DetachFromDisposeScope(), Labels.index_select(0, indices).DetachFromDisposeScope(), Weights?.index_select(0, indices).DetachFromDisposeScope());

    public void Dispose()
    {
        Features.Dispose();
        Labels.Dispose();
        Weights?.Dispose();
    }

    private static bool AllFinite(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
            if (!float.IsFinite(value))
                return false;
        return true;
    }

    /// <summary>Rows of numbers, as many as come.</summary>
    private sealed class Blocks(int width)
    {
        private readonly List<float[]> blocks = [];
        private int used = Block;

        /// <summary>The place of the next row.</summary>
        public Span<float> Next()
        {
            if (used == Block)
            {
                blocks.Add(new float[Block * width]);
                used = 0;
            }
            return blocks[^1].AsSpan(used++ * width, width);
        }

        /// <summary>Lets the last row be written over.</summary>
        public void TakeBack() => used--;

        /// <summary>The rows as a tensor [rows, width].</summary>
        public Tensor ToTensor()
        {
            var rows = empty((long)(blocks.Count - 1) * Block + used, width);
            for (var i = 0; i < blocks.Count; i++)
            {
                var count = i < blocks.Count - 1 ? Block : used;
                if (count == 0)
                    continue;
                using var part = rows.narrow(0, (long)i * Block, count);
                MemoryMarshal.AsBytes(blocks[i].AsSpan(0, count * width)).CopyTo(part.bytes);
            }
            return rows;
        }
    }
}
