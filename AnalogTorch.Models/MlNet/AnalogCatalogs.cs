using Microsoft.ML;

namespace AnalogTorch.Models.MlNet;

/// <summary>
/// What ML.NET's catalogs do with its own models, done with networks or refused: under the same names, where its own methods do not take a network.
/// </summary>
public static class AnalogCatalogs
{
    /// <summary>Adds what each feature of a row contributes to its score, in a column <c>FeatureContributions</c>, by leaving it out.</summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="predictionTransformer">The network of a binary classification or a regression.</param>
    /// <param name="numberOfPositiveContributions">How many positive contributions of a row are reported, the largest; others are 0.</param>
    /// <param name="numberOfNegativeContributions">How many negative contributions of a row are reported, the largest; others are 0.</param>
    /// <param name="normalize">Whether the contributions of a row are over the largest of them.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    /// <exception cref="NotSupportedException">The network has a score for each of several classes.</exception>
    public static FeatureContributionEstimator CalculateFeatureContribution(
        this TransformsCatalog catalog,
        AnalogNetworkTransformer predictionTransformer,
        int numberOfPositiveContributions = 10,
        int numberOfNegativeContributions = 10,
        bool normalize = true)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(predictionTransformer);
        if (numberOfPositiveContributions < 0 || numberOfNegativeContributions < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(numberOfPositiveContributions),
                "CalculateFeatureContribution reports 0 or more contributions of either sign, "
                + $"but got {numberOfPositiveContributions} positive and {numberOfNegativeContributions} negative.");
        }
        if (predictionTransformer.Saved.Task is { ScorePerOutput: null, Outputs: var scores })
        {
            throw new NotSupportedException(
                $"CalculateFeatureContribution explains a network with one score, but this one has {scores}, one a class: "
                + "write mlContext.MulticlassClassification.PermutationFeatureImportance, "
                + "or train mlContext.BinaryClassification.Trainers.AnalogNetwork on the class in question.");
        }
        var settings = new SavedContributions(numberOfPositiveContributions, numberOfNegativeContributions, normalize);
        return new(new(MlNetInternals.EnvironmentOf(catalog), predictionTransformer, settings));
    }

    /// <summary>The same network with another score from which on it says yes.</summary>
    /// <param name="catalog"><c>mlContext.BinaryClassification</c>.</param>
    /// <param name="model">The network of a binary classification.</param>
    /// <param name="threshold">Scores above it become true; a score is the logarithm of the odds, 0 where yes and no are as likely.</param>
    /// <exception cref="ArgumentException">The threshold is not a number, or the network is of another task.</exception>
    public static AnalogNetworkTransformer ChangeModelThreshold(
        this BinaryClassificationCatalog catalog, AnalogNetworkTransformer model, float threshold)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        if (float.IsNaN(threshold))
            throw new ArgumentOutOfRangeException(nameof(threshold), "ChangeModelThreshold needs a score, but got one that is not a number.");
        return model.Saved.Task is BinaryTask task
            ? model.With(task with { Threshold = threshold })
            : throw new ArgumentException(
                $"ChangeModelThreshold needs the network of a binary classification, but got that of a {model.Saved.Task.Name}.", nameof(model));
    }

    /// <summary>Refused: one network learns all classes.</summary>
    /// <param name="catalog">The trainers of <c>mlContext.MulticlassClassification</c>.</param>
    /// <param name="binaryEstimator">A trainer of networks.</param>
    /// <param name="labelColumnName">Column of labels.</param>
    /// <param name="imputeMissingLabelsAsNegative">As ML.NET has it.</param>
    /// <param name="calibrator">As ML.NET has it.</param>
    /// <param name="maximumCalibrationExampleCount">As ML.NET has it.</param>
    /// <param name="useProbabilities">As ML.NET has it.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    public static IEstimator<ITransformer> OneVersusAll(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        AnalogNetworkTrainer binaryEstimator,
        string labelColumnName = "Label",
        bool imputeMissingLabelsAsNegative = false,
        IEstimator<ITransformer>? calibrator = null,
        int maximumCalibrationExampleCount = 1000000000,
        bool useProbabilities = true) => throw Refused(nameof(OneVersusAll), labelColumnName);

    /// <summary>Refused: one network learns all classes.</summary>
    /// <param name="catalog">The trainers of <c>mlContext.MulticlassClassification</c>.</param>
    /// <param name="binaryEstimator">A trainer of networks.</param>
    /// <param name="labelColumnName">Column of labels.</param>
    /// <param name="imputeMissingLabelsAsNegative">As ML.NET has it.</param>
    /// <param name="calibrator">As ML.NET has it.</param>
    /// <param name="maximumCalibrationExampleCount">As ML.NET has it.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    public static IEstimator<ITransformer> PairwiseCoupling(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        AnalogNetworkTrainer binaryEstimator,
        string labelColumnName = "Label",
        bool imputeMissingLabelsAsNegative = false,
        IEstimator<ITransformer>? calibrator = null,
        int maximumCalibrationExampleCount = 1000000000) => throw Refused(nameof(PairwiseCoupling), labelColumnName);

    private static NotSupportedException Refused(string method, string label) =>
        new($"{method} combines linear and tree models of ML.NET, not networks: "
            + $"write mlContext.MulticlassClassification.Trainers.AnalogNetwork(\"{label}\"), one network that learns all classes.");
}
