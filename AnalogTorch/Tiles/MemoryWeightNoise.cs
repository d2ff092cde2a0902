using AnalogTorch.Conductance;
using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>Weights as a chip would hold them some time after it was programmed in one go: another chip at every call.</summary>
/// <remarks>Programming noise, drift and read noise are those of the memory; the mean drift is made up for by one factor a layer, as on a chip.</remarks>
public sealed record MemoryWeightNoise : WeightNoise
{
    /// <summary>What the devices are.</summary>
    public MemoryStatistics Memory { get; init => field = NotNull(value); } = new Pcm90nm();

    /// <summary>How a weight becomes conductances.</summary>
    public WeightMap Map { get; init => field = NotNull(value); } = new DifferentialPair();

    /// <summary>Which weight a cell at full conductance stands for.</summary>
    public WeightRange Range { get; init => field = NotNull(value); } = new OutputMaximum();

    /// <summary>Time after programming at which the weights are met.</summary>
    [Unit("s")]
    public double Time { get; init => field = NotNegative(value); } = 20;

    /// <inheritdoc/>
    public override Tensor Draw(Tensor weights, Func<Tensor> room, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(room);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var range = Range.Of(weights).unsqueeze(1);
        var wanted = (weights / range).clamp_(-1f, 1f);
        var held = new MemorySample(Map, Memory, wanted, rng).At(Time);
        var factor = (held * wanted).sum() / held.square().sum().clamp_min_(float.Epsilon);
        return Into(room, held.mul_(factor).mul_(range));
    }
}
