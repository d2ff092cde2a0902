using Microsoft.ML;

namespace AnalogTorch.Models.MlNet;

/// <summary>Networks on analog hardware among the trainers of ML.NET.</summary>
public static class AnalogTrainers
{
    /// <summary>Predicts one of several classes with a network. Scores are probabilities.</summary>
    /// <param name="catalog">The trainers of <c>mlContext.MulticlassClassification</c>.</param>
    /// <param name="labelColumnName">Column of labels, keys.</param>
    /// <param name="featureColumnName">Column of features, a vector of Single of known size.</param>
    /// <param name="exampleWeightColumnName">Column of weights of the examples, Single; null weighs all the same.</param>
    /// <param name="training">On what to train; aware of the hardware if not given.</param>
    public static AnalogNetworkTrainer AnalogNetwork(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, string labelColumnName = "Label", string featureColumnName = "Features", string? exampleWeightColumnName = null, NetworkTraining? training = null) =>
        catalog.AnalogNetwork(Options(labelColumnName, featureColumnName, exampleWeightColumnName, training));

    /// <summary>Predicts one of several classes with a network. Scores are probabilities.</summary>
    /// <param name="catalog">The trainers of <c>mlContext.MulticlassClassification</c>.</param>
    /// <param name="options">Everything that can be chosen.</param>
    public static AnalogNetworkTrainer AnalogNetwork(this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, AnalogNetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var alike = catalog.SdcaMaximumEntropy(options.LabelColumnName, options.FeatureColumnName, options.ExampleWeightColumnName);
        return new(MlNetInternals.EnvironmentOf(catalog), options, new MulticlassTask(2, null), alike, alike.Info);
    }

    /// <summary>Predicts yes or no with a network, with a probability.</summary>
    /// <param name="catalog">The trainers of <c>mlContext.BinaryClassification</c>.</param>
    /// <param name="labelColumnName">Column of labels, Boolean.</param>
    /// <param name="featureColumnName">Column of features, a vector of Single of known size.</param>
    /// <param name="exampleWeightColumnName">Column of weights of the examples, Single; null weighs all the same.</param>
    /// <param name="training">On what to train; aware of the hardware if not given.</param>
    public static AnalogNetworkTrainer AnalogNetwork(
        this BinaryClassificationCatalog.BinaryClassificationTrainers catalog, string labelColumnName = "Label", string featureColumnName = "Features", string? exampleWeightColumnName = null, NetworkTraining? training = null) =>
        catalog.AnalogNetwork(Options(labelColumnName, featureColumnName, exampleWeightColumnName, training));

    /// <summary>Predicts yes or no with a network, with a probability.</summary>
    /// <param name="catalog">The trainers of <c>mlContext.BinaryClassification</c>.</param>
    /// <param name="options">Everything that can be chosen.</param>
    public static AnalogNetworkTrainer AnalogNetwork(this BinaryClassificationCatalog.BinaryClassificationTrainers catalog, AnalogNetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var alike = catalog.SdcaLogisticRegression(options.LabelColumnName, options.FeatureColumnName, options.ExampleWeightColumnName);
        return new(MlNetInternals.EnvironmentOf(catalog), options, new BinaryTask(), alike, alike.Info);
    }

    /// <summary>Predicts a number with a network. Labels are scaled while it learns; scores are in their units.</summary>
    /// <param name="catalog">The trainers of <c>mlContext.Regression</c>.</param>
    /// <param name="labelColumnName">Column of labels, Single.</param>
    /// <param name="featureColumnName">Column of features, a vector of Single of known size.</param>
    /// <param name="exampleWeightColumnName">Column of weights of the examples, Single; null weighs all the same.</param>
    /// <param name="training">On what to train; aware of the hardware if not given.</param>
    public static AnalogNetworkTrainer AnalogNetwork(
        this RegressionCatalog.RegressionTrainers catalog, string labelColumnName = "Label", string featureColumnName = "Features", string? exampleWeightColumnName = null, NetworkTraining? training = null) =>
        catalog.AnalogNetwork(Options(labelColumnName, featureColumnName, exampleWeightColumnName, training));

    /// <summary>Predicts a number with a network. Labels are scaled while it learns; scores are in their units.</summary>
    /// <param name="catalog">The trainers of <c>mlContext.Regression</c>.</param>
    /// <param name="options">Everything that can be chosen.</param>
    public static AnalogNetworkTrainer AnalogNetwork(this RegressionCatalog.RegressionTrainers catalog, AnalogNetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var alike = catalog.Sdca(options.LabelColumnName, options.FeatureColumnName, options.ExampleWeightColumnName);
        return new(MlNetInternals.EnvironmentOf(catalog), options, new RegressionTask(0, 1), alike, alike.Info);
    }

    private static AnalogNetworkOptions Options(string label, string features, string? weight, NetworkTraining? training)
    {
        var options = new AnalogNetworkOptions { LabelColumnName = label, FeatureColumnName = features, ExampleWeightColumnName = weight };
        options.Training = training ?? options.Training;
        return options;
    }
}
