using System.Diagnostics;
using AnalogTorch.Models.MlNet;
using Microsoft.ML;

namespace AnalogTorch.Examples.Pipelines;

/// <summary>Fits a pipeline on a table and tests it: as it is, and with its network on chips.</summary>
internal sealed record PipelineTask : TrainingTask
{
    /// <summary>Name of the table.</summary>
    public string Table { get; init; } = "";

    /// <summary>The folder of real data, or empty.</summary>
    public string Data { get; init; } = "";

    /// <summary>Training rows.</summary>
    public long Rows { get; init; }

    /// <summary>Whether to make the work small.</summary>
    public bool Quick { get; init; }

    /// <summary>Units of each hidden layer of the network.</summary>
    public int[] HiddenUnits { get; init; } = [];

    /// <summary>Chips, each with devices of its own.</summary>
    public int Chips { get; init; }

    /// <summary>Name of the chip.</summary>
    public string Chip { get; init; } = "";

    /// <summary>Folder to save fitted pipelines in, or empty.</summary>
    public string Models { get; init; } = "";

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        var ml = new MLContext((int)Seed);
        var (source, chip) = (TableSource.Find(Table), PipelineChip.Find(Chip));
        var way = PipelineWay.Find(Way).For(chip);
        var (train, test) = source.Load(ml, Data, Quick);
        progress.Begin();
        var options = new AnalogNetworkOptions { Network = new MlpNetwork { HiddenUnits = HiddenUnits }, Epochs = Epochs, Seed = (int)Seed };
        options.Training = way.Training ?? options.Training;
        options.EpochDone = epoch => progress.Advance(Rows, epoch.Loss);
        var pipeline = source.Prepare(ml).Append(way.Trainer(ml, source.Prediction, options));
        var clock = Stopwatch.StartNew();
        ITransformer model = pipeline.Fit(train);
        var seconds = clock.Elapsed.TotalSeconds;
        if (Models.Length > 0)
            ml.Model.Save(model, train.Schema, Path.Combine(Models, $"{Table}-{Way}-{Seed}.zip"));
        var scores = new Dictionary<string, double[][]> { [""] = [Evaluate(ml, source, model, test)] };
        foreach (var deployment in way.Deployments)
            scores[deployment.Name] = [.. Enumerable.Range(0, Chips).Select(number => Evaluate(ml, source, OnChip(deployment, 1000 * Seed + number), test))];
        progress.End();
        return new PipelineResult(Way, Seed, [scores[""][0][0]], seconds, Table, scores);

        ITransformer OnChip(PipelineDeployment deployment, long seed) =>
            model.Programmed(after: deployment.Time, chip.Hardware, seed, recalibrateWith: deployment.Recalibrates ? train : null);
    }

    /// <summary>Accuracy and log-loss of a classifier; R² and root of the mean squared error of a regression.</summary>
    private static double[] Evaluate(MLContext ml, TableSource source, ITransformer model, IDataView test)
    {
        var scored = model.Transform(test);
        switch (source.Prediction)
        {
            case Prediction.Multiclass:
                var classes = ml.MulticlassClassification.Evaluate(scored);
                return [classes.MicroAccuracy, classes.LogLoss];
            case Prediction.Binary:
                var flags = ml.BinaryClassification.Evaluate(scored);
                return [flags.Accuracy, flags.LogLoss];
            default:
                var values = ml.Regression.Evaluate(scored);
                return [values.RSquared, values.RootMeanSquaredError];
        }
    }
}

/// <summary>What a pipeline gave.</summary>
/// <param name="Way">The trainer.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Accuracy">The first figure of the fitted pipeline: accuracy, or R².</param>
/// <param name="Seconds">Time of fitting.</param>
/// <param name="Table">The table.</param>
/// <param name="Scores">Figures of each chip at each time, by name; those of the fitted pipeline itself are without one.</param>
internal sealed record PipelineResult(string Way, long Seed, double[] Accuracy, double Seconds, string Table, Dictionary<string, double[][]> Scores) : TrainingResult(Way, Seed, Accuracy, Seconds);
