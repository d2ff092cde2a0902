using System.Collections.Immutable;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace AnalogTorch.Models.MlNet;

/// <summary>A transformer that works on batches of rows, and that ML.NET saves in a model and loads again.</summary>
/// <remarks>
/// A data view that is transformed is read ahead by a batch; what is kept of it does not grow with the number of rows. A prediction engine sees
/// batches of one row. Any number of cursors and engines may work at the same time. The transformer is not disposable, since every prediction engine on it would
/// dispose of it; its network goes with it, or by <see cref="Unload"/>.
/// </remarks>
public abstract class BatchTransformer : ITransformer
{
    private protected BatchTransformer(IHostEnvironment environment) => Environment = environment;

    /// <summary>Every row of the output comes from one row of the input.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>Seeds, logging and progress.</summary>
    private protected IHostEnvironment Environment { get; }

    /// <summary>The schema of what this makes of a data view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).Output;

    /// <summary>The data view with the new columns; nothing is computed before it is read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new BatchView(input, Bind(input.Schema));
    }

    /// <summary>What a prediction engine uses.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new BatchRowMapper(Bind(inputSchema));

    /// <inheritdoc/>
    void ICanSaveModel.Save(ModelSaveContext ctx) => ModelStates.Write(ctx, Signature, WriteState());

    /// <summary>Frees the memory of the network at once. Whoever reads scores afterwards has it made anew, and gets the same.</summary>
    public abstract void Unload();

    /// <summary>The signature by which ML.NET finds the loader that makes this transformer of <see cref="WriteState"/>.</summary>
    internal abstract string Signature { get; }

    /// <summary>Everything that the transformer is.</summary>
    internal abstract string WriteState();

    /// <summary>The transformer on a data view of a schema.</summary>
    internal BatchMap Bind(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Bind(input, 0);
    }

    /// <summary>The transformer on a data view of a schema, less the state at its end where it was loaded with that.</summary>
    /// <param name="input">The schema.</param>
    /// <param name="dropped">Columns at its end that the output does not have.</param>
    internal abstract BatchMap Bind(DataViewSchema input, int dropped);
}

/// <summary>A transformer on a data view of some schema: which columns it reads, and what it adds.</summary>
internal sealed class BatchMap
{
    private readonly Func<DataViewRow, int, BatchReader> start;
    private readonly int rows;
    private readonly int kept;

    /// <param name="input">Schema of the data view.</param>
    /// <param name="dropped">Columns at its end that are left out.</param>
    /// <param name="source">The column that is read.</param>
    /// <param name="added">The columns that are added.</param>
    /// <param name="rows">Rows of a full batch.</param>
    /// <param name="start">Begins to read rows of the data view, in batches of so many rows.</param>
    public BatchMap(DataViewSchema input, int dropped, DataViewSchema.Column source, IReadOnlyList<DataViewSchema.DetachedColumn> added, int rows, Func<DataViewRow, int, BatchReader> start)
    {
        (Input, Source, this.rows, this.start, kept) = (input, source, rows, start, input.Count - dropped);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input.Take(kept).Select(column => new DataViewSchema.DetachedColumn(column)));
        builder.AddColumns(added);
        Output = builder.ToSchema();
    }

    public DataViewSchema Input { get; }

    public DataViewSchema Output { get; }

    /// <summary>The column that is read.</summary>
    public DataViewSchema.Column Source { get; }

    /// <summary>Whether a column of the output is one of those that are added.</summary>
    public bool IsAdded(DataViewSchema.Column output) => output.Index >= kept;

    /// <summary>Name of the first column that is added.</summary>
    public string AddedName => Output[kept].Name;

    /// <summary>The place of an added column among them.</summary>
    public int PlaceOf(DataViewSchema.Column added) => added.Index - kept;

    /// <summary>Columns of the input that are needed for some of the output.</summary>
    public ImmutableArray<DataViewSchema.Column> Needed(IEnumerable<DataViewSchema.Column> output)
    {
        var wanted = output.ToArray();
        return [.. wanted.Where(column => !IsAdded(column)).Select(column => Input[column.Index]).Concat(wanted.Any(IsAdded) ? [Source] : []).DistinctBy(column => column.Index)];
    }

    /// <summary>Begins to read rows of the input, batch by batch.</summary>
    public BatchReader Start(DataViewRowCursor input) => start(input, rows);

    /// <summary>Begins to read rows of the input, one by one.</summary>
    public BatchReader StartSingle(DataViewRow input) => start(input, 1);
}

/// <summary>Reads rows into the places of a batch, computes it, and gives the results.</summary>
/// <param name="capacity">Rows of a full batch.</param>
internal abstract class BatchReader(int capacity)
{
    /// <summary>Rows of a full batch.</summary>
    public int Capacity => capacity;

    /// <summary>Reads the row that the input is at.</summary>
    public abstract void Read(int place);

    /// <summary>Computes what was read.</summary>
    /// <param name="count">Number of rows.</param>
    /// <param name="batch">Number of the batch since the start.</param>
    public abstract void Compute(int count, long batch);

    /// <summary>Gives the values of an added column, a <c>ValueGetter</c> of its type.</summary>
    /// <param name="added">Which one.</param>
    /// <param name="place">The place in the batch that is asked for.</param>
    public abstract Delegate Getter(int added, Func<int> place);
}
