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
        var gradient = trains.Groups == 1
            ? delta.t().mm(x)
            : delta.view(samples, trains.Groups, -1).permute(1, 2, 0)
                .bmm(x.view(samples, trains.Groups, -1).narrow(2, 0, trains.InputsOfGroup).transpose(0, 1)).view(trains.OutputCount, trains.InputsOfGroup);
        weights.Add(gradient.mul_((float)-rate), samples, rate);
        bias?.Add(delta.sum(0, keepdim: true).mul_((float)-rate), samples, rate);
    }
}
