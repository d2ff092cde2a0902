using Microsoft.ML;
using Microsoft.ML.Runtime;
using Microsoft.ML.Trainers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>Trains a network of torch modules on a data view: digitally, aware of analog hardware, or in analog memory.</summary>
/// <remarks>
/// All valid rows are held in memory while it trains. Rows with missing features, labels or weights are left out with a warning, as by ML.NET's own
/// trainers. Made by <see cref="AnalogTrainers"/>.
/// </remarks>
public sealed class AnalogNetworkTrainer : ITrainerEstimator<AnalogNetworkTransformer, Module<Tensor, Tensor>>
{
    private readonly IHost host;
    private readonly AnalogNetworkOptions options;
    private readonly LearningTask task;
    private readonly IEstimator<ITransformer> alike;

    /// <param name="environment">The catalog's.</param>
    /// <param name="options">The options.</param>
    /// <param name="task">What is learnt.</param>
    /// <param name="alike">A trainer of ML.NET for the same task and columns, which knows what the schema must be and becomes.</param>
    /// <param name="info">What that trainer says about itself.</param>
    internal AnalogNetworkTrainer(IHostEnvironment environment, AnalogNetworkOptions options, LearningTask task, IEstimator<ITransformer> alike, TrainerInfo info)
    {
        host = environment.Register(nameof(AnalogNetworkTrainer));
        (this.options, this.task, this.alike, Info) = (options.Checked(), task, alike, info);
    }

    /// <summary>What pipelines ask trainers about.</summary>
    public TrainerInfo Info { get; }

    /// <summary>The schema that a pipeline has after this, from the one before it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => alike.GetOutputSchema(inputSchema);

    /// <summary>Trains a network.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows to learn from, they are of one class, or the network does not fit them.</exception>
    /// <exception cref="OperationCanceledException"><see cref="AnalogNetworkOptions.Cancel"/> was raised.</exception>
    public AnalogNetworkTransformer Fit(IDataView input) => Train(input, null);

    /// <summary>Trains a network, and keeps the best by the loss on other rows.</summary>
    /// <param name="trainData">Rows to train on.</param>
    /// <param name="validationData">Rows to watch.</param>
    /// <inheritdoc cref="Fit(IDataView)"/>
    public AnalogNetworkTransformer Fit(IDataView trainData, IDataView validationData)
    {
        ArgumentNullException.ThrowIfNull(validationData);
        if (options.ValidationFraction > 0)
            throw new ArgumentException($"AnalogNetworkOptions.ValidationFraction must be 0 where Fit gets a validation set, but is {FormattableString.Invariant($"{options.ValidationFraction}")}: leave out one of them.", nameof(validationData));
        return Train(trainData, validationData);
    }

    private AnalogNetworkTransformer Train(IDataView trainData, IDataView? validationData)
    {
        ArgumentNullException.ThrowIfNull(trainData);
        using var channel = host.Start("Training");
        using var scope = NewDisposeScope();
        var learnt = task;
        var columns = TrainingColumns.Of(trainData.Schema, options, ref learnt);
        var seed = options.Seed ?? host.Rand.Next();
        var all = TrainingRows.Read(trainData, columns, learnt, "training", channel, options.Cancel);
        var rows = all;
        TrainingRows? validation = null;
        try
        {
            if (validationData is not null)
                validation = ReadValidation(validationData, columns, learnt, channel);
            else if (options.ValidationFraction > 0)
                (rows, validation) = NetworkFit.Split(all, options.ValidationFraction, seed);
            learnt = learnt.Fitted(rows.Labels, columns.Label);
            var saved = new NetworkFit(options, learnt, seed, host, channel).Run(rows, validation);
            return AnalogNetworkTransformer.Of(host, saved);
        }
        finally
        {
            all.Dispose();
            rows.Dispose();
            validation?.Dispose();
        }
    }

    private TrainingRows ReadValidation(IDataView data, TrainingColumns training, LearningTask learnt, IChannel channel)
    {
        var there = learnt;
        var columns = TrainingColumns.Of(data.Schema, options, ref there);
        TrainingColumns.FeaturesIn(data.Schema, options.FeatureColumnName, training.Width);
        if (there.Outputs != learnt.Outputs)
            throw TrainingColumns.Mismatch("label", columns.Label, training.Label.Type.ToString()!, "map both sets to keys by the same fitted transformer");
        return TrainingRows.Read(data, columns, learnt, "validation", channel, options.Cancel);
    }
}
