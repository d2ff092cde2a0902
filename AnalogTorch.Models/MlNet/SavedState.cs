using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace AnalogTorch.Models.MlNet;

/// <summary>How a transformer gets into the zip file of an ML.NET model, and out of it.</summary>
/// <remarks>
/// ML.NET saves of another library's transformer a name and no data. So three are saved in its place: one that adds an empty column, one of ML.NET's own
/// that maps this column to a key whose only value is the state, and one by name, which reads the state from the schema and drops both columns.
/// </remarks>
internal static class SavedState
{
    /// <summary>Columns that the saved transformers have between them.</summary>
    public const string BlankColumn = "AnalogTorch.Blank", StateColumn = "AnalogTorch.State";

    /// <summary>How many there are.</summary>
    public const int Columns = 2;

    /// <summary>Writes a transformer.</summary>
    /// <param name="context">Where to write to.</param>
    /// <param name="contract">Name of the class that makes it of its state.</param>
    /// <param name="state">Its state.</param>
    public static void Save(ModelSaveContext context, string contract, string state)
    {
        var ml = new MLContext();
        var blanks = ml.Data.LoadFromEnumerable<BlankRow>([new()]);
        var states = ml.Data.LoadFromEnumerable<StateRow>([new() { State = state }]);
        ITransformer blank = ml.Transforms.CustomMapping<Nothing, BlankRow>(BlankFactory.Fill, BlankFactory.Contract).Fit(blanks);
        ITransformer key = ml.Transforms.Conversion.MapValueToKey(StateColumn, BlankColumn, keyData: states).Fit(blanks);
        ICanSaveModel chain = new TransformerChain<ITransformer>(blank, key, new LoadedTransformer(contract, _ => throw new InvalidOperationException("This is only saved.")));
        chain.Save(context);
    }

    /// <summary>Writes the name alone.</summary>
    public static void SaveName(ModelSaveContext context, string contract)
    {
        var ml = new MLContext();
        ICanSaveModel named = ml.Transforms.CustomMapping<Nothing, Nothing>(Nothing.Leave, contract).Fit(ml.Data.LoadFromEnumerable<BlankRow>([new()]));
        named.Save(context);
    }

    /// <summary>The transformer that was loaded as one of ML.NET's chains, or null if the chain is another.</summary>
    public static BatchTransformer? Restored(IReadOnlyList<ITransformer> chain)
    {
        if (chain is not [var blank, var key, LoadedTransformer loaded])
            return null;
        return loaded.Restore(key.GetOutputSchema(blank.GetOutputSchema(new DataViewSchema.Builder().ToSchema())));
    }

    internal sealed class StateRow
    {
        public string State { get; set; } = "";
    }
}

/// <summary>A row without columns.</summary>
public sealed class Nothing
{
    internal static void Leave(Nothing row, Nothing result)
    {
    }
}

/// <summary>A row with an empty column, from which ML.NET's map to the state goes out.</summary>
public sealed class BlankRow
{
    /// <summary>Nothing.</summary>
    [ColumnName(SavedState.BlankColumn)]
    public string Blank { get; set; } = "";
}

/// <summary>Known to ML.NET by its contract: adds the empty column.</summary>
[CustomMappingFactoryAttribute(Contract)]
public sealed class BlankFactory : CustomMappingFactory<Nothing, BlankRow>
{
    internal const string Contract = "AnalogTorch.Blank";

    /// <inheritdoc/>
    public override Action<Nothing, BlankRow> GetMapping() => Fill;

    internal static void Fill(Nothing row, BlankRow result) => result.Blank = "";
}
