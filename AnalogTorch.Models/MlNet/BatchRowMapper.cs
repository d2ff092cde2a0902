using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Models.MlNet;

/// <summary>Maps single rows, as prediction engines do: each is a batch of its own.</summary>
internal sealed class BatchRowMapper(BatchMap map) : IRowToRowMapper
{
    public DataViewSchema InputSchema => map.Input;

    public DataViewSchema OutputSchema => map.Output;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) => map.Needed(dependingColumns);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        return new Row(input, map, [.. activeColumns]);
    }

    private sealed class Row : DataViewRow
    {
        private readonly DataViewRow input;
        private readonly BatchMap map;
        private readonly BatchReader? reader;
        private readonly HashSet<int> active;
        private long computed = -1;

        public Row(DataViewRow input, BatchMap map, IReadOnlyList<DataViewSchema.Column> wanted)
        {
            (this.input, this.map) = (input, map);
            active = [.. wanted.Select(column => column.Index)];
            reader = wanted.Any(map.IsAdded) ? map.StartSingle(input) : null;
        }

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override DataViewSchema Schema => map.Output;

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw new InvalidOperationException($"Column '{column.Name}' was not asked for when the row was made.");
            if (!map.IsAdded(column))
                return input.GetGetter<TValue>(map.Input[column.Index]);
            return reader!.Getter(map.PlaceOf(column), Computed) as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"Column '{column.Name}' holds {column.Type}, which cannot be read as {typeof(TValue).Name}.");
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                input.Dispose();
            base.Dispose(disposing);
        }

        /// <summary>The place of the result, which is computed once a row.</summary>
        private int Computed()
        {
            if (computed != input.Position)
            {
                reader!.Read(0);
                reader.Compute(1, 0);
                computed = input.Position;
            }
            return 0;
        }
    }
}
