using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Transfer;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace AnalogTorch.Models.MlNet;

/// <summary>Makes a <see cref="BackboneTransformer"/>; there is nothing to learn. Made by <see cref="AnalogTransforms.BackboneFeatures"/>.</summary>
public sealed class BackboneFeaturesEstimator : IEstimator<BackboneTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly SavedBackbone backbone;

    internal BackboneFeaturesEstimator(IHostEnvironment environment, string output, string input, string weights, string architecture, string folder, int side)
    {
        this.environment = environment;
        var image = Zoo.Find(architecture).Image ?? throw new ArgumentException($"BackboneFeatures needs a network that takes images, but {architecture} takes others: choose one that does.", nameof(architecture));
        var preprocessing = side == 0 ? image.Preprocessing : image.Preprocessing with { ShorterSide = side, Crop = side };
        if (preprocessing.Crop < image.SmallestSide)
            throw new ArgumentException($"BackboneFeatures needs images of {image.SmallestSide}×{image.SmallestSide} pixels or more for {architecture}, but side is {side}.", nameof(side));
        using var network = PretrainedWeights.LoadBackbone(architecture, weights);
        backbone = new()
        {
            Architecture = architecture,
            InputColumn = input,
            OutputColumn = output,
            Width = network.FeatureWidth,
            Folder = folder,
            ShorterSide = preprocessing.ShorterSide,
            Crop = preprocessing.Crop,
            Mean = [.. preprocessing.Mean],
            Deviation = [.. preprocessing.Deviation],
            Weights = Streams.Bytes(stream => network.save(stream)),
        };
    }

    /// <summary>The transformer for a data view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column of images is missing or of another type.</exception>
    public BackboneTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new BackboneTransformer(environment, new(backbone));
        transformer.GetOutputSchema(input.Schema);
        return transformer;
    }

    /// <summary>The schema that a pipeline has after this, from the one before it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column of images is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        var images = inputSchema.Where(column => column.Name == backbone.InputColumn).ToArray();
        if (images.Length == 0)
            throw new ArgumentOutOfRangeException(nameof(inputSchema), $"Could not find image column '{backbone.InputColumn}'");
        if (images[^1].IsKey || !(images[^1].ItemType.Equals(TextDataViewType.Instance) || images[^1].ItemType.Equals(NumberDataViewType.Byte) || images[^1].ItemType.Equals(NumberDataViewType.Single)))
            throw new ArgumentOutOfRangeException(nameof(inputSchema), $"Schema mismatch for image column '{backbone.InputColumn}': expected {ImageReading.Expected}, got {images[^1].ItemType}");
        // Columns of a SchemaShape cannot be made outside ML.NET, but one of its estimators makes the same.
        var added = SchemaDefinition.Create(typeof(FeatureRow));
        added[nameof(FeatureRow.Features)].ColumnName = backbone.OutputColumn;
        added[nameof(FeatureRow.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, backbone.Width);
        return new MLContext().Transforms.CustomMapping<Nothing, FeatureRow>((_, _) => { }, null, outputSchemaDefinition: added).GetOutputSchema(inputSchema);
    }

    private sealed class FeatureRow
    {
        public float[] Features { get; set; } = [];
    }
}
