extern alias contract;

using Microsoft.ML;
using Microsoft.ML.Data;
using Onnx = contract::Microsoft.ML.Model.OnnxConverter;

namespace AnalogTorch.Models.MlNet;

/// <summary>A data view with columns that are computed batch by batch.</summary>
/// <remarks>
/// It says of itself that it may become ONNX, so that it is asked and can refuse: others are taken for the source of the data, with scores that somebody
/// gives.
/// </remarks>
internal sealed class BatchView(IDataView input, BatchMap map) : Onnx.ITransformCanSaveOnnx
{
    public IDataView Source => input;

    public bool CanShuffle => input.CanShuffle;

    public DataViewSchema Schema => map.Output;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var wanted = columnsNeeded.ToArray();
        return new BatchCursor(input.GetRowCursor(map.Needed(wanted), rand), map, wanted);
    }

    public bool CanSaveOnnx(Onnx.OnnxContext ctx) => throw new NotSupportedException(
        $"ConvertToOnnx cannot write column '{map.AddedName}', which a torch network computes: "
        + "save the pipeline with mlContext.Model.Save, or the network's weights with SaveWeights.");

    public void SaveAsOnnx(Onnx.OnnxContext ctx) => CanSaveOnnx(ctx);

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException(
        $"A data view that a torch network computes is not saved: save the transformer that made column '{map.AddedName}'.");

    // One, so that the batches, and what the hardware's noise does to them, do not depend on who reads.
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];
}

/// <summary>Reads a batch of rows ahead, and hands them out one by one.</summary>
internal sealed class BatchCursor : DataViewRowCursor
{
    private readonly DataViewRowCursor input;
    private readonly BatchMap map;
    private readonly BatchReader? reader;
    private readonly ColumnBuffer?[] kept;
    private readonly HashSet<int> active;
    private readonly ValueGetter<DataViewRowId> inputId;
    private readonly DataViewRowId[] ids;
    private long position = -1;
    private long batch = -1;
    private int place;
    private int count;
    private bool isDisposed;

    public BatchCursor(DataViewRowCursor input, BatchMap map, IReadOnlyList<DataViewSchema.Column> wanted)
    {
        (this.input, this.map) = (input, map);
        active = [.. wanted.Select(column => column.Index)];
        reader = wanted.Any(map.IsAdded) ? map.Start(input) : null;
        ids = new DataViewRowId[reader?.Capacity ?? 1];
        kept = new ColumnBuffer?[map.Output.Count];
        foreach (var column in wanted.Where(column => !map.IsAdded(column)))
            kept[column.Index] ??= ColumnBuffer.Of(input, map.Input[column.Index], ids.Length);
        inputId = input.GetIdGetter();
    }

    public override long Position => position;

    public override long Batch => 0;

    public override DataViewSchema Schema => map.Output;

    public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

    public override bool MoveNext()
    {
        if (isDisposed)
            return false;
        if (++place >= count && !ReadAhead())
        {
            position = -1;
            return false;
        }
        position++;
        return true;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new InvalidOperationException($"Column '{column.Name}' was not asked for when the cursor was made.");
        var getter = map.IsAdded(column) ? reader!.Getter(map.PlaceOf(column), Place) : kept[column.Index]!.Getter(Place);
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' holds {column.Type}, which cannot be read as {typeof(TValue).Name}.");
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = ids[Place()];

    protected override void Dispose(bool disposing)
    {
        if (disposing && !isDisposed)
        {
            isDisposed = true;
            position = -1;
            input.Dispose();
        }
        base.Dispose(disposing);
    }

    private int Place() => position >= 0 ? place : throw new InvalidOperationException("The cursor is at no row: call MoveNext first, and read no more once it was false.");

    private bool ReadAhead()
    {
        (place, count) = (0, 0);
        while (count < ids.Length && input.MoveNext())
        {
            reader?.Read(count);
            foreach (var column in kept)
                column?.Read(count);
            inputId(ref ids[count]);
            count++;
        }
        if (count == 0)
            return false;
        reader?.Compute(count, ++batch);
        return true;
    }
}
