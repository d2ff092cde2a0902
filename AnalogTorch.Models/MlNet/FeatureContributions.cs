extern alias contract;

using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

[assembly: contract::Microsoft.ML.LoadableClass(
    typeof(AnalogTorch.Models.MlNet.FeatureContributionTransformer),
    typeof(AnalogTorch.Models.MlNet.ContributionLoader),
    null,
    typeof(contract::Microsoft.ML.SignatureLoadModel),
    "AnalogTorch feature contributions",
    AnalogTorch.Models.MlNet.ContributionLoader.Signature)]

namespace AnalogTorch.Models.MlNet;

/// <summary>
/// Makes a <see cref="FeatureContributionTransformer"/>; there is nothing to learn. Made by
/// <see cref="AnalogCatalogs.CalculateFeatureContribution"/>.
/// </summary>
public sealed class FeatureContributionEstimator : IEstimator<FeatureContributionTransformer>
{
    private readonly FeatureContributionTransformer transformer;

    internal FeatureContributionEstimator(FeatureContributionTransformer transformer) => this.transformer = transformer;

    /// <summary>The transformer for a data view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column of features is missing or of another type.</exception>
    public FeatureContributionTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        transformer.GetOutputSchema(input.Schema);
        return transformer;
    }

    /// <summary>The schema that a pipeline has after this, from the one before it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column of features is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        var name = transformer.Network.FeatureColumnName;
        var found = inputSchema.Where(column => column.Name == name).ToArray();
        if (found.Length == 0)
            throw new ArgumentOutOfRangeException(nameof(inputSchema), $"Could not find feature column '{name}'");
        var features = found[^1];
        if (features.Kind != SchemaShape.Column.VectorKind.Vector || !features.ItemType.Equals(NumberDataViewType.Single))
        {
            throw new ArgumentOutOfRangeException(
                nameof(inputSchema),
                $"Schema mismatch for feature column '{name}': expected Vector<Single>, got {features.Kind} of {features.ItemType}");
        }
        var slotNames = new SchemaShape(features.Annotations.Where(annotation => annotation.Name == AnnotationNames.SlotNames));
        var added = MlNetInternals.ShapeColumn(FeatureContributionTransformer.Column, features.Kind, features.ItemType, false, slotNames);
        return new([.. inputSchema.Where(column => column.Name != added.Name), added]);
    }
}

/// <summary>Adds what each feature of a row contributes to its score.</summary>
/// <remarks>
/// A contribution is the score less the score that the row has without the feature, in units of the score. Without it means that the network gets
/// 0 in its place: the mean of the training rows where features are scaled (<see cref="AnalogNetworkOptions.ScaleFeatures"/>). For a linear network
/// of features that are not scaled it is weight times value, as of ML.NET's linear models. Both scores meet the same noise of the hardware. The
/// network runs once more for each feature.
/// </remarks>
public sealed class FeatureContributionTransformer : BatchTransformer
{
    internal const string Column = "FeatureContributions";
    private const int RowsOfBatch = 256;
    private readonly Lazy<AnalogNetworkTransformer> network;
    private readonly Lazy<SavedContributions> settings;

    internal FeatureContributionTransformer(IHostEnvironment environment, AnalogNetworkTransformer network, SavedContributions settings)
        : this(environment, new(network), new Lazy<SavedContributions>(settings))
    {
    }

    internal FeatureContributionTransformer(IHostEnvironment environment, Lazy<AnalogNetworkTransformer> network, Lazy<SavedContributions> settings)
        : base(environment) => (this.network, this.settings) = (network, settings);

    /// <summary>The network whose scores are explained.</summary>
    public AnalogNetworkTransformer Network => network.Value;

    internal override string Signature => ContributionLoader.Signature;

    /// <inheritdoc/>
    public override void Unload() => Network.Unload();

    /// <summary>The same for another network.</summary>
    internal FeatureContributionTransformer Of(AnalogNetworkTransformer other) => new(Environment, other, settings.Value);

    internal override string WriteState() => (settings.Value with { Network = Network.WriteState() }).Write();

    internal override BatchMap Bind(DataViewSchema input, int dropped)
    {
        var saved = Network.Saved;
        var features = TrainingColumns.FeaturesIn(input, saved.FeatureColumn, saved.Features);
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(features.Annotations, name => name == AnnotationNames.SlotNames);
        var type = new VectorDataViewType(NumberDataViewType.Single, saved.Features);
        var added = new DataViewSchema.DetachedColumn(Column, type, annotations.ToAnnotations());
        return new(input, dropped, features, [added], RowsOfBatch, (row, rows) => new Reader(this, row, features, rows));
    }

    private sealed class Reader(FeatureContributionTransformer owner, DataViewRow input, DataViewSchema.Column column, int capacity)
        : BatchReader(capacity)
    {
        private readonly int width = owner.Network.Saved.Features;
        private readonly FeatureRows rows = new(input, column, owner.Network.Saved.Features, capacity);
        private readonly float[] contributions = new float[capacity * owner.Network.Saved.Features];

        public override void Read(int place) => rows.Read(place);

        public override void Compute(int count, long batch)
        {
            owner.Network.Running.Contribute(rows.Values, contributions, count, batch);
            for (var place = 0; place < count; place++)
            {
                var of = contributions.AsSpan(place * width, width);
                if (rows.IsMissing(place))
                    of.Fill(float.NaN);
                else
                    owner.settings.Value.Keep(of);
            }
        }

        public override Delegate Getter(int added, Func<int> place) =>
            (ValueGetter<VBuffer<float>>)((ref VBuffer<float> to) => Vectors.Fill(ref to, contributions.AsSpan(place() * width, width)));
    }
}

/// <summary>Makes the transformer of contributions when ML.NET loads a model.</summary>
internal static class ContributionLoader
{
    public const string Signature = "AnalogTorch.Contribution";

    public static FeatureContributionTransformer Create(IHostEnvironment environment, contract::Microsoft.ML.ModelLoadContext context)
    {
        var state = ModelStates.Read(context, Signature);
        var settings = new Lazy<SavedContributions>(() => SavedContributions.Read(state));
        return new(environment, new(() => AnalogNetworkTransformer.Of(environment, SavedNetwork.Read(settings.Value.Network))), settings);
    }
}
