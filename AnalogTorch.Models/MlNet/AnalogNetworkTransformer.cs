using System.Globalization;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>A trained network in a pipeline: it reads features, and adds scores as ML.NET's own trainers do.</summary>
/// <remarks>
/// Rows with features that are not finite get scores that are not numbers. The network is read in eval mode, through the hardware that it was trained on, or
/// on the chip that <see cref="Programmed"/> put it into. Where the hardware is noisy, noise depends on the place of a row in the data view, so
/// that reading it again gives the same; a prediction engine always meets the noise of the first row. Row by row or batch by batch, outputs may differ in their last bits.
/// </remarks>
public sealed class AnalogNetworkTransformer : BatchTransformer, ISingleFeaturePredictionTransformer<Module<Tensor, Tensor>>
{
    private const int RowsOfBatch = 256;
    private readonly SavedNetwork saved;
    private readonly RunningNetwork running;

    internal AnalogNetworkTransformer(IHostEnvironment environment, SavedNetwork saved) : base(environment)
    {
        this.saved = saved;
        running = new(saved);
    }

    /// <summary>The network, as it is scored with. Whoever trains it further changes the scores.</summary>
    public Module<Tensor, Tensor> Model => running.Network;

    /// <inheritdoc/>
    public string FeatureColumnName => saved.FeatureColumn;

    /// <inheritdoc/>
    public DataViewType FeatureColumnType => new VectorDataViewType(NumberDataViewType.Single, saved.Features);

    /// <summary>Time since the network was programmed (s); null if it is on no chip.</summary>
    public double? Time => saved.Chip?.After;

    internal override string Contract => AnalogNetworkState.Contract;

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
        var programmed = saved.On(SavedNetwork.SavedChip.Of(hardware ?? PcmPresets.Inference, seed, after));
        if (recalibrateWith is null)
            return new(Environment, programmed);
        using var rows = TrainingRows.ReadFeatures(recalibrateWith, TrainingColumns.FeaturesIn(recalibrateWith.Schema, saved.FeatureColumn, saved.Features));
        return new(Environment, RunningNetwork.Recalibrated(programmed, rows));
    }

    /// <inheritdoc/>
    public override void Unload() => running.Unload();

    internal override string WriteState() => saved.Write();

    internal override BatchMap Bind(DataViewSchema input, int dropped)
    {
        var features = TrainingColumns.FeaturesIn(input, saved.FeatureColumn, saved.Features);
        var columns = saved.Task.Columns(AnnotationNames.NextSet(input));
        return new(input, dropped, features, [.. columns.Select(column => column.Column)], RowsOfBatch, (row, rows) => new NetworkReader(row, features, running, saved, columns, rows));
    }
}

/// <summary>Known to ML.NET by its contract: makes a saved network.</summary>
[Microsoft.ML.Transforms.CustomMappingFactoryAttribute(Contract)]
public sealed class AnalogNetworkState : StateFactory
{
    internal const string Contract = "AnalogTorch.Network";

    private protected override BatchTransformer Restore(IHostEnvironment environment, string state) => new AnalogNetworkTransformer(environment, SavedNetwork.Read(state));
}
