using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Conductance;

/// <summary>Weights as they would be after they were programmed in one go, at any time: one sample of all that is random.</summary>
/// <remarks>Its tensors live in the caller's dispose scope.</remarks>
public sealed class MemorySample
{
    private readonly WeightMap map;
    private readonly MemoryStatistics memory;
    private readonly Rng rng;
    private readonly double span;
    private readonly Tensor[] programmed, fates;

    /// <summary>Programs weights.</summary>
    /// <param name="map">What devices a weight is made of.</param>
    /// <param name="memory">What the devices are.</param>
    /// <param name="weights">Weights in [−1, 1] [outputs, inputs].</param>
    /// <param name="rng">The stream of the sample.</param>
    public MemorySample(WeightMap map, MemoryStatistics memory, Tensor weights, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(memory);
        (this.map, this.memory, this.rng, span) = (map, memory, rng, map.Span(memory.Range));
        var targets = map.Targets(weights, memory.Range);
        programmed = [.. targets.Select((target, place) => memory.Program(target, rng.Split(place)))];
        fates = [.. targets.Select((target, place) => memory.DrawFate(target, rng.Split(place).Split("fate")))];
    }

    /// <summary>The weights that a read at a time after programming finds [outputs, inputs].</summary>
    /// <param name="time">Time since programming (s).</param>
    public Tensor At(double time)
    {
        using var scope = NewDisposeScope();
        var now = programmed.Select((start, place) =>
        {
            var aged = memory.Age(start, fates[place], time);
            var noise = Noise.Normal(rng.Split(place).Split(BitConverter.DoubleToInt64Bits(time)), aged.shape, aged.device);
            return noise.mul_(memory.ReadDeviation(start, aged, time)).add_(aged).clamp_min_(0f);
        });
        return map.Weights([.. now], span).MoveToOuterDisposeScope();
    }
}
