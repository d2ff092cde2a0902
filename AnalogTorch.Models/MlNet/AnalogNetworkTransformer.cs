extern alias contract;

using System.Globalization;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

[assembly: contract::Microsoft.ML.LoadableClass(
    typeof(AnalogTorch.Models.MlNet.AnalogNetworkTransformer),
    typeof(AnalogTorch.Models.MlNet.NetworkLoader),
    null,
    typeof(contract::Microsoft.ML.SignatureLoadModel),
    "AnalogTorch network",
    AnalogTorch.Models.MlNet.NetworkLoader.Signature)]

namespace AnalogTorch.Models.MlNet;

/// <summary>A trained network in a pipeline: it reads features, and adds scores as ML.NET's own trainers do.</summary>
/// <remarks>
/// Rows with features that are not finite get scores that are not numbers. The network is read in eval mode, through the hardware that it was trained on, or
/// on the chip that <see cref="Programmed"/> put it into. Where the hardware is noisy, noise depends on the place of a row in the data view, so
/// that reading it again gives the same; a prediction engine always meets the noise of the first row. Row by row or batch by batch, outputs may differ in their last bits.
/// </remarks>
public abstract class AnalogNetworkTransformer : BatchTransformer, ISingleFeaturePredictionTransformer<Module<Tensor, Tensor>>
{
    private const int RowsOfBatch = 256;
    private readonly Lazy<SavedNetwork> network;
    private readonly Lazy<RunningNetwork> running;

    private protected AnalogNetworkTransformer(IHostEnvironment environment, Lazy<SavedNetwork> network) : base(environment)
    {
        this.network = network;
        running = new(() => new(network.Value));
    }

    /// <summary>The network, as it is scored with. Whoever trains it further changes the scores.</summary>
    public Module<Tensor, Tensor> Model => Running.Network;

    /// <inheritdoc/>
    public string FeatureColumnName => Saved.FeatureColumn;

    /// <inheritdoc/>
    public DataViewType FeatureColumnType => new VectorDataViewType(NumberDataViewType.Single, Saved.Features);

    /// <summary>Time since the network was programmed (s); null if it is on no chip.</summary>
    public double? Time => Saved.Chip?.After;

    /// <summary>The network as data; reading it fails if it was loaded from a damaged file.</summary>
    internal SavedNetwork Saved => network.Value;

    /// <summary>The network at work.</summary>
    internal RunningNetwork Running => running.Value;

    internal override string Signature => NetworkLoader.Signature;

    /// <summary>The same network on a chip of analog memory, some time after it was programmed.</summary>
    /// <remarks>The same chip, at other times, is that of the same hardware and seed.</remarks>
    /// <param name="after">Time since programming (s), as in <c>1 * Units.Day</c>.</param>
    /// <param name="hardware">The chip; <see cref="PcmPresets.Inference"/> if not given, which compensates drift.</param>
    /// <param name="seed">Seed of its devices.</param>
    /// <param name="recalibrateWith">
    /// Rows with the column of features, some hundred, on which gain and offset of every output are found anew at that time
    /// (<see cref="Inference.ProgrammedModel{TModel}.RecalibrateOutputs"/>); null for drift compensation alone.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative or not finite, or the column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">No row has finite features.</exception>
    public AnalogNetworkTransformer Programmed(double after, InferenceConfig? hardware = null, long seed = 0, IDataView? recalibrateWith = null)
    {
        if (!(after >= 0 && double.IsFinite(after)))
            throw new ArgumentOutOfRangeException(nameof(after), $"Programmed needs a time of at least 0 s after programming, but got {after.ToString(CultureInfo.InvariantCulture)} s.");
        var programmed = Saved.On(SavedNetwork.SavedChip.Of(hardware ?? PcmPresets.Inference, seed, after));
        if (recalibrateWith is null)
            return Of(Environment, programmed);
        using var rows = TrainingRows.ReadFeatures(recalibrateWith, TrainingColumns.FeaturesIn(recalibrateWith.Schema, Saved.FeatureColumn, Saved.Features));
        return Of(Environment, RunningNetwork.Recalibrated(programmed, rows));
    }

    /// <inheritdoc/>
    public override void Unload() => Running.Unload();

    internal override string WriteState() => Saved.Write();

    /// <summary>The same network for another reading of its outputs.</summary>
    internal AnalogNetworkTransformer With(LearningTask task) => Of(Environment, Saved with { Task = task });

    /// <summary>The transformer of a network.</summary>
    internal static AnalogNetworkTransformer Of(IHostEnvironment environment, SavedNetwork saved) => Of(environment, new Lazy<SavedNetwork>(saved));

    /// <summary>The transformer of a network that is about to be read.</summary>
    internal static AnalogNetworkTransformer Of(IHostEnvironment environment, Lazy<SavedNetwork> saved) => new Predictor(environment, saved);

    internal override BatchMap Bind(DataViewSchema input, int dropped)
    {
        var features = TrainingColumns.FeaturesIn(input, Saved.FeatureColumn, Saved.Features);
        var columns = Saved.Task.Columns(AnnotationNames.NextSet(input));
        return new(input, dropped, features, [.. columns.Select(column => column.Column)], RowsOfBatch, (row, rows) => new NetworkReader(row, features, Running, Saved, columns, rows));
    }

    /// <summary>As ML.NET looks for predictors. A class of its own, since programs that use the library cannot name that interface.</summary>
    private sealed class Predictor(IHostEnvironment environment, Lazy<SavedNetwork> network)
        : AnalogNetworkTransformer(environment, network), contract::Microsoft.ML.ISingleFeaturePredictionTransformer;
}

/// <summary>Makes the transformer of a network when ML.NET loads a model.</summary>
internal static class NetworkLoader
{
    public const string Signature = "AnalogTorch.Network";

    public static AnalogNetworkTransformer Create(IHostEnvironment environment, contract::Microsoft.ML.ModelLoadContext context)
    {
        // A damaged state says so where it is used: what is thrown here, ML.NET wraps.
        var state = ModelStates.Read(context, Signature);
        return AnalogNetworkTransformer.Of(environment, new Lazy<SavedNetwork>(() => SavedNetwork.Read(state)));
    }
}

/// <summary>Known to ML.NET by its contract: makes a network that was saved before transformers were loadable classes.</summary>
[Microsoft.ML.Transforms.CustomMappingFactoryAttribute(NetworkLoader.Signature)]
public sealed class AnalogNetworkState : StateFactory
{
    private protected override BatchTransformer Restore(IHostEnvironment environment, string state) =>
        AnalogNetworkTransformer.Of(environment, SavedNetwork.Read(state));
}
