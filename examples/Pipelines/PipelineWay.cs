using AnalogTorch.Core;
using AnalogTorch.Models.MlNet;
using Microsoft.ML;

namespace AnalogTorch.Examples.Pipelines;

/// <summary>A trainer at the end of a pipeline.</summary>
/// <param name="Name">Its name in figures and plots.</param>
/// <param name="Title">What it is, in a word or two.</param>
/// <param name="Training">How its network is trained; null for a trainer of ML.NET.</param>
/// <param name="Deployments">How it is tested on chips; none for what is not programmed.</param>
internal sealed record PipelineWay(string Name, string Title, NetworkTraining? Training, params IReadOnlyList<PipelineDeployment> Deployments)
{

    /// <summary>ML.NET's stochastic dual coordinate ascent.</summary>
    public static PipelineWay Sdca { get; } = new("sdca", "SDCA", null);

    /// <summary>ML.NET's L-BFGS.</summary>
    public static PipelineWay Lbfgs { get; } = new("lbfgs", "L-BFGS", null);

    /// <summary>A network in floating point.</summary>
    public static PipelineWay Digital { get; } = new("digital", "network, digital", new DigitalTraining(), PipelineDeployment.Day);

    /// <summary>The same network, trained through the hardware's converters and noise.</summary>
    public static PipelineWay Aware { get; } = new("aware", "network, hardware-aware", new HardwareAwareTraining(), PipelineDeployment.DayByFactors, PipelineDeployment.Day, PipelineDeployment.Year);

    /// <summary>The same network, trained in memory by pulses.</summary>
    public static PipelineWay InMemory { get; } = new("in-memory", "network, in memory", new InMemoryTraining());

    /// <summary>All ways, in the order of the report.</summary>
    public static IReadOnlyList<PipelineWay> All { get; } = [Sdca, Lbfgs, Digital, Aware, InMemory];

    /// <summary>The way of a name.</summary>
    public static PipelineWay Find(string name) => All.Single(way => way.Name == name);

    /// <summary>The way on hardware of another chip, where it is trained for one.</summary>
    public PipelineWay For(PipelineChip chip) => Training is HardwareAwareTraining aware ? this with { Training = aware with { Hardware = chip.Aware } } : this;

    /// <summary>The trainer, as one writes it.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="prediction">What is predicted.</param>
    /// <param name="options">Options of the network.</param>
    public IEstimator<ITransformer> Trainer(MLContext ml, Prediction prediction, AnalogNetworkOptions options) => (Name, prediction) switch
    {
        ("sdca", Prediction.Multiclass) => ml.MulticlassClassification.Trainers.SdcaMaximumEntropy(),
        ("sdca", Prediction.Binary) => ml.BinaryClassification.Trainers.SdcaLogisticRegression(),
        ("sdca", _) => ml.Regression.Trainers.Sdca(),
        ("lbfgs", Prediction.Multiclass) => ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(),
        ("lbfgs", Prediction.Binary) => ml.BinaryClassification.Trainers.LbfgsLogisticRegression(),
        ("lbfgs", _) => ml.Regression.Trainers.LbfgsPoissonRegression(),
        (_, Prediction.Multiclass) => ml.MulticlassClassification.Trainers.AnalogNetwork(options),
        (_, Prediction.Binary) => ml.BinaryClassification.Trainers.AnalogNetwork(options),
        _ => ml.Regression.Trainers.AnalogNetwork(options),
    };
}

/// <summary>A network on a chip, some time after it was programmed.</summary>
/// <param name="Name">The end of its name in figures.</param>
/// <param name="Title">What it is, in a word or two.</param>
/// <param name="Time">Time since programming (s).</param>
/// <param name="Recalibrates">Whether gain and offset of every output are found anew with the training rows; else one factor a layer makes up for drift.</param>
internal sealed record PipelineDeployment(string Name, string Title, double Time, bool Recalibrates)
{
    /// <summary>A day, with one factor a layer.</summary>
    public static PipelineDeployment DayByFactors { get; } = new("day-by-factors", "a day, factors only", Units.Day, false);

    /// <summary>A day, recalibrated.</summary>
    public static PipelineDeployment Day { get; } = new("day", "a day", Units.Day, true);

    /// <summary>A year, recalibrated.</summary>
    public static PipelineDeployment Year { get; } = new("year", "a year", Units.Year, true);
}
