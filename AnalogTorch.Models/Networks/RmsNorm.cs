using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>Root-mean-square norm: x/√(mean(x²) + ε), times a weight for each feature.</summary>
/// <remarks>B. Zhang and R. Sennrich, "Root mean square layer normalization", NeurIPS 2019, arXiv:1910.07467.</remarks>
public sealed class RmsNorm : Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly double epsilon;

    /// <summary>A norm with weights of 1.</summary>
    /// <param name="width">Features of a vector.</param>
    /// <param name="epsilon">What is added to the mean square (ε).</param>
    public RmsNorm(long width, double epsilon = 1e-5) : base(nameof(RmsNorm))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        this.epsilon = epsilon;
        weight = Parameter(ones(width));
        weight.DetachFromDisposeScope(); // it lives as long as the module, as those of torch's own modules
        RegisterComponents();
    }

    /// <inheritdoc/>
    /// <param name="input">float32 [..., width].</param>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var scope = NewDisposeScope();
        return (input * (input.square().mean([-1], keepdim: true) + epsilon).rsqrt() * weight).MoveToOuterDisposeScope();
    }
}
