using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Models.MlNet;

/// <summary>On what, and by what, a network is trained.</summary>
public abstract record NetworkTraining
{
    private protected NetworkTraining(double learningRate) => LearningRate = learningRate;

    /// <summary>Learning rate of the first step; it falls along a cosine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    public double LearningRate
    {
        get;
        init => field = value > 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(LearningRate), $"{GetType().Name}.LearningRate must be positive, but is {value}.");
    }

    /// <summary>What layers are put on for the training, or null if they stay digital.</summary>
    internal abstract LayerHardware? LayersOn { get; }

    /// <summary>An optimizer for the parameters of the network.</summary>
    internal abstract optim.Optimizer CreateOptimizer(IEnumerable<Parameter> parameters);
}

/// <summary>In floating point.</summary>
public sealed record DigitalTraining() : NetworkTraining(3e-3)
{
    /// <summary>Makes the optimizer from parameters and <see cref="NetworkTraining.LearningRate"/>; Adam if not set.</summary>
    public Func<IEnumerable<Parameter>, double, optim.Optimizer> Optimizer { get; init; } = (parameters, rate) => optim.Adam(parameters, rate);

    internal override LayerHardware? LayersOn => null;

    internal override optim.Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => Optimizer(parameters, LearningRate);
}

/// <summary>In floating point, through the converters and the noise of the hardware that the network is meant for.</summary>
public sealed record HardwareAwareTraining() : NetworkTraining(3e-3)
{
    /// <summary>What the network meets while it is trained.</summary>
    /// <remarks>
    /// <see cref="PcmPresets.HardwareAwareForInference"/> without its limits of 2.5 deviations, which keep a small network with one output, as of a regression, from
    /// more than a linear answer.
    /// </remarks>
    public HardwareAwareConfig Hardware { get; init => field = value ?? throw new ArgumentNullException(nameof(Hardware)); } = PcmPresets.HardwareAwareForInference with { Clip = new NoClip() };

    /// <summary>Makes the optimizer from parameters and <see cref="NetworkTraining.LearningRate"/>; Adam if not set.</summary>
    public Func<IEnumerable<Parameter>, double, optim.Optimizer> Optimizer { get; init; } = (parameters, rate) => optim.Adam(parameters, rate);

    internal override LayerHardware LayersOn => Hardware;

    internal override optim.Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => Optimizer(parameters, LearningRate);
}

/// <summary>In analog memory, by pulses.</summary>
public sealed record InMemoryTraining() : NetworkTraining(0.2)
{
    /// <summary>The tiles that the weights are on.</summary>
    public TileConfig Hardware { get; init => field = value ?? throw new ArgumentNullException(nameof(Hardware)); } = PcmPresets.MspLsp;

    internal override LayerHardware LayersOn => Hardware;

    internal override optim.Optimizer CreateOptimizer(IEnumerable<Parameter> parameters) => new AnalogSGD(parameters, LearningRate);
}
