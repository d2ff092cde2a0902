using AnalogTorch.Layers;

namespace AnalogTorch.Models.MlNet;

/// <summary>Everything that can be chosen about the training of a network in a pipeline.</summary>
/// <remarks>As ML.NET has it, options are set one by one, and checked when the trainer is made.</remarks>
public sealed class AnalogNetworkOptions
{
    /// <summary>The column of labels: a key for classes, a Boolean for two of them, a Single for a regression.</summary>
    public string LabelColumnName { get; set; } = "Label";

    /// <summary>The column of features, a vector of Single of known size.</summary>
    public string FeatureColumnName { get; set; } = "Features";

    /// <summary>The column of weights of the examples, a Single; null weighs all the same.</summary>
    public string? ExampleWeightColumnName { get; set; }

    /// <summary>Makes the network.</summary>
    public NetworkFactory Network { get; set; } = new MlpNetwork();

    /// <summary>On what it is trained.</summary>
    public NetworkTraining Training { get; set; } = new HardwareAwareTraining();

    /// <summary>Layers that are trained on other hardware, or left digital; the first rule that fits a layer decides.</summary>
    public IReadOnlyList<LayerRule> Rules { get; set; } = [];

    /// <summary>Passes over the training rows, if nothing stops them earlier.</summary>
    public int Epochs { get; set; } = 20;

    /// <summary>Rows of a step.</summary>
    public int BatchSize { get; set; } = 16;

    /// <summary>What is left of the learning rate after the last epoch.</summary>
    public double FinalLearningRateShare { get; set; } = 0.05;

    /// <summary>Whether features are brought to [−1, 1], as arrays want them: each less its mean, over three of its standard deviations, cut off beyond.</summary>
    public bool ScaleFeatures { get; set; } = true;

    /// <summary>
    /// Share of the rows that is not trained on but watched: the best network by them is kept. With 0, and no validation set given to <c>Fit</c>, the
    /// last one is.
    /// </summary>
    public double ValidationFraction { get; set; }

    /// <summary>Epochs without a better loss on the validation rows after which training stops.</summary>
    public int Patience { get; set; } = 5;

    /// <summary>Seed of start values, order of rows, devices and noise; null takes one from the context.</summary>
    public int? Seed { get; set; }

    /// <summary>Ends the training with an <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken Cancel { get; set; }

    /// <summary>Where the network is trained. Scoring is on the CPU.</summary>
    public TorchSharp.torch.Device Device { get; set; } = TorchSharp.torch.CPU;

    /// <summary>Called after each epoch.</summary>
    public Action<TrainingEpoch>? EpochDone { get; set; }

    /// <summary>The same options in an object of its own, checked.</summary>
    /// <exception cref="ArgumentException">One of them is not within its limits.</exception>
    internal AnalogNetworkOptions Checked()
    {
        Require(!string.IsNullOrWhiteSpace(LabelColumnName), nameof(LabelColumnName), "name a column", LabelColumnName);
        Require(!string.IsNullOrWhiteSpace(FeatureColumnName), nameof(FeatureColumnName), "name a column", FeatureColumnName);
        Require(Network is not null, nameof(Network), "make a network", Network);
        Require(Training is not null, nameof(Training), "say how to train", Training);
        Require(Rules is not null, nameof(Rules), "be a list, be it empty", Rules);
        Require(Device is not null, nameof(Device), "be a torch device", Device);
        Require(Epochs >= 1, nameof(Epochs), "be at least 1", Epochs);
        Require(BatchSize >= 1, nameof(BatchSize), "be at least 1", BatchSize);
        Require(FinalLearningRateShare is >= 0 and <= 1, nameof(FinalLearningRateShare), "be in [0, 1]", FinalLearningRateShare);
        Require(ValidationFraction is >= 0 and < 1, nameof(ValidationFraction), "be in [0, 1)", ValidationFraction);
        Require(Patience >= 1, nameof(Patience), "be at least 1", Patience);
        return (AnalogNetworkOptions)MemberwiseClone();
    }

    private static void Require(bool holds, string member, string rule, object? value)
    {
        if (!holds)
            throw new ArgumentException(FormattableString.Invariant($"AnalogNetworkOptions.{member} must {rule}, but is {value ?? "null"}."));
    }
}

/// <summary>What an epoch gave.</summary>
/// <param name="Epoch">Its number, from 1.</param>
/// <param name="Epochs">How many there are at most.</param>
/// <param name="Loss">Mean loss of the training rows while they were trained on.</param>
/// <param name="ValidationLoss">Mean loss of the validation rows after it; not a number without any.</param>
public readonly record struct TrainingEpoch(int Epoch, int Epochs, double Loss, double ValidationLoss);
