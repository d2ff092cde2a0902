using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>Two noises, one after the other; more than two are two of which one is two.</summary>
public sealed record BothNoises : WeightNoise
{
    /// <summary>The noise that finds the exact weights.</summary>
    public WeightNoise First { get; init => field = NotNull(value); } = new AdditiveWeightNoise();

    /// <summary>The noise that finds the weights as the other left them.</summary>
    public WeightNoise Second { get; init => field = NotNull(value); } = new DropConnect();

    /// <inheritdoc/>
    public override Tensor Draw(Tensor weights, Func<Tensor> room, Rng rng) =>
        Second.Draw(First.Draw(weights, room, rng.Split("first")), room, rng.Split("second"));
}
