using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Periphery;

namespace AnalogTorch.Tiles;

/// <summary>The memory into which trained weights are programmed, and the path through which they are read from then on.</summary>
/// <remarks>
/// W/range of each output becomes conductances by the map; the scheme programs them; the memory drifts and is read with noise; the map turns
/// conductances back into weights; the path multiplies; a digital scale per output undoes the range and makes up for drift.
/// </remarks>
public sealed record InferenceConfig : LayerHardware, ICrossChecked
{
    /// <summary>A config with the bias beside the converters, as it is usual for inference.</summary>
    public InferenceConfig() => Bias = new DigitalBias();

    /// <summary>Which weight a cell at full conductance stands for.</summary>
    public WeightRange Range { get; init => field = NotNull(value); } = new OutputMaximum();

    /// <summary>How a weight becomes conductances.</summary>
    public WeightMap Map { get; init => field = NotNull(value); } = new DifferentialPair();

    /// <summary>What the devices are.</summary>
    public MemoryStatistics Memory { get; init => field = NotNull(value); } = new Pcm90nm();

    /// <summary>Which devices do not work.</summary>
    public Defects Defects { get; init => field = NotNull(value); } = new NoDefects();

    /// <summary>How the devices are programmed.</summary>
    public ProgrammingScheme Programming { get; init => field = NotNull(value); } = new OneShotProgramming();

    /// <summary>The path of reads.</summary>
    public AnalogPath Forward { get; init => field = NotNull(value); } = new();

    /// <summary>How drift is made up for.</summary>
    public DriftCompensation Compensation { get; init => field = NotNull(value); } = new NoCompensation();

    internal override string Note => $"{Map.GetType().Name}, {Memory.GetType().Name}";

    internal override IReadOnlyList<AnalogPath> Paths => [Forward];

    internal override double DevicesPerWeight(long outputs) => Map.DevicesPerWeight(outputs);

    /// <inheritdoc/>
    public void Check() => Programming.CheckFit(Map, Memory);
}
