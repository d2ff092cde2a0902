namespace AnalogTorch.Examples;

/// <summary>One training, in so few words that they fit through a pipe.</summary>
internal abstract record TrainingTask
{
    /// <summary>Name of the way to train.</summary>
    public string Way { get; init; } = "";

    /// <summary>Seed of the training.</summary>
    public long Seed { get; init; }

    /// <summary>Passes over the training images.</summary>
    public int Epochs { get; init; }

    /// <summary>Does the training.</summary>
    public abstract TrainingResult Run(ITrainingProgress progress);
}

/// <summary>What one training gave.</summary>
/// <param name="Way">Name of the way.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="Accuracy">Share of the test images got right after each epoch.</param>
/// <param name="Seconds">Time from the first image to the last.</param>
internal abstract record TrainingResult(string Way, long Seed, double[] Accuracy, double Seconds)
{
    /// <summary>Mean over the last third of the evaluations, at most six: accuracy differs a little after odd and even transfers.</summary>
    public double FinalAccuracy => Accuracy[^Averaged(Accuracy.Length)..].Average();

    /// <summary>Evaluations that the final accuracy is the mean of.</summary>
    public static int Averaged(int epochs) => Math.Clamp(epochs / 3, 1, 6);

    /// <summary>The same in words, to follow "share of images got right".</summary>
    public static string Averaging(int epochs) => Averaged(epochs) is > 1 and var last ? $", mean over the last {last} epochs" : " after the last epoch";
}
