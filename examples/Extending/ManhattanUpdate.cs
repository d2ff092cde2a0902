using AnalogTorch.Core;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Extending;

/// <summary>Every weight moves by the same step against the sign of its gradient, however large that is: one pulse a weight and batch.</summary>
/// <remarks>ΔW = −rate·sgn(Σδᵀ·x), the Manhattan rule; it needs circuits that tell signs alone.</remarks>
public sealed record ManhattanUpdate : UpdateScheme
{
    public override void Apply(Tensor x, Tensor delta, double rate, Rng rng, PulseTrains trains, IUpdatable weights, IUpdatable? bias)
    {
        if (trains.Groups > 1)
            throw new NotSupportedException("ManhattanUpdate takes matrices of one group only; leave grouped convolutions digital with LayerRule.Digital.");
        using var scope = NewDisposeScope();
        var samples = (int)x.shape[0];
        weights.Add(delta.t().mm(x).sign_().mul_((float)-rate), samples, rate);
        bias?.Add(delta.sum(0, keepdim: true).sign_().mul_((float)-rate), samples, rate);
    }
}
