using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Updates;

/// <summary>The change that pulses aim at, applied exactly: no pulses, no granularity, no noise; the bounds of the devices remain.</summary>
/// <remarks>ΔW = −rate·δᵀ·x. On devices without variation it is plain gradient descent, and shows what a pulse scheme costs.</remarks>
public sealed record ExactUpdate : UpdateScheme
{
    /// <inheritdoc/>
    public override void Apply(Tensor x, Tensor delta, double rate, Rng rng, PulseTrains trains, IUpdatable weights, IUpdatable? bias)
    {
        using var scope = NewDisposeScope();
        var samples = (int)x.shape[0];
        weights.Add(delta.t().mm(x).mul_((float)-rate), samples);
        bias?.Add(delta.sum(0, keepdim: true).mul_((float)-rate), samples);
    }
}
