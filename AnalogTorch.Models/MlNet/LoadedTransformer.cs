using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Models.MlNet;

/// <summary>A transformer as ML.NET loads it: it becomes what was saved once it sees the schema that carries the state.</summary>
internal sealed class LoadedTransformer(string contract, Func<string, BatchTransformer> restore) : ITransformer
{
    private readonly Lock sync = new();
    private BatchTransformer? restored;

    public bool IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).Output;

    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new BatchView(input, Bind(input.Schema));
    }

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new BatchRowMapper(Bind(inputSchema));

    void ICanSaveModel.Save(ModelSaveContext ctx) => SavedState.SaveName(ctx, contract);

    /// <summary>What was saved.</summary>
    /// <param name="schema">A schema that ends with the columns of the state.</param>
    public BatchTransformer Restore(DataViewSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        lock (sync)
            return restored ??= restore(StateIn(schema));
    }

    private BatchMap Bind(DataViewSchema input) => Restore(input).Bind(input, SavedState.Columns);

    private string StateIn(DataViewSchema schema)
    {
        var state = default(VBuffer<ReadOnlyMemory<char>>);
        if (schema.GetColumnOrNull(SavedState.StateColumn) is not { } column || !column.HasKeyValues())
            throw new InvalidDataException($"The model holds a transformer of AnalogTorch without its column '{SavedState.StateColumn}': apply the loaded model as a whole, as mlContext.Model.Load gives it.");
        column.GetKeyValues(ref state);
        return state.GetItemOrDefault(0).ToString();
    }
}
