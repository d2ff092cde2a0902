using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace AnalogTorch.Models.MlNet;

/// <summary>How transformers were saved before they were loadable classes (<see cref="ModelStates"/>), so that those models are still read.</summary>
/// <remarks>
/// Three are in the place of one: one that adds an empty column, one of ML.NET's own that maps this column to a key whose only value is the state,
/// and one by
/// name, which reads the state from the schema and drops both columns.
/// </remarks>
internal static class SavedState
{
    /// <summary>Columns that the saved transformers have between them.</summary>
    public const string BlankColumn = "AnalogTorch.Blank", StateColumn = "AnalogTorch.State";

    /// <summary>How many there are.</summary>
    public const int Columns = 2;

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
