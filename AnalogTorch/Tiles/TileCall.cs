using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>One call of a layer: what its reads are keyed by, and what its backward pass is asked for.</summary>
/// <param name="Weight">The layer's weights as they are in this call.</param>
/// <param name="Bias">The layer's bias as it is in this call, or null.</param>
/// <param name="HasAnalogBias">Whether the bias is one more line of the array.</param>
/// <param name="Training">Whether this is a call of training; the noise of others does not change that of a training.</param>
/// <param name="Number">The number of the call, among those of training or among the others.</param>
/// <param name="ForwardStream">The stream of the reads from the input side.</param>
/// <param name="BackwardStream">The stream of the reads from the output side.</param>
internal sealed record TileCall(Tensor Weight, Tensor? Bias, bool HasAnalogBias, bool Training, long Number, Rng ForwardStream, Rng BackwardStream)
{
    /// <summary>Which parameters in memory learn from this call; the others are frozen.</summary>
    /// <remarks>In eval mode too, as in torch, where that mode does not keep a layer from learning.</remarks>
    public (bool Weights, bool Bias) Learns { get; init; }

    /// <summary>Whether backward is to keep what a pulse update needs.</summary>
    public bool WantsUpdate => Learns.Weights || Learns.Bias;

    /// <summary>Whether torch asks for a gradient of the weights.</summary>
    public bool WantsWeight { get; init; }

    /// <summary>Whether torch asks for a gradient of the bias.</summary>
    public bool WantsBias { get; init; }

    /// <summary>Whether torch is given the gradient of a bias in the array.</summary>
    public bool ShowsBias => WantsBias && HasAnalogBias;

    /// <summary>A gradient of the weights in the shape of the parameter: the one place where it takes that.</summary>
    /// <param name="gradient">The gradient in the order of the parameter; null for none.</param>
    public Tensor? AsParameter(Tensor? gradient) => gradient is null || gradient.dim() == Weight.dim() ? gradient : gradient.view(Weight.shape);

    /// <summary>What a backward pass gives by the weights and the bias in place of gradients that it cannot work out.</summary>
    /// <param name="outputs">Outputs of all groups.</param>
    public (Tensor Weight, Tensor Bias) NoGradients(long outputs) => (NoGradient(WantsWeight, Weight.shape), NoGradient(WantsBias, outputs));

    /// <summary>Zeros in place of a gradient that cannot be worked out, since torch ends the process where one is missing that somebody asked for.</summary>
    /// <param name="isWanted">Whether somebody asks for it.</param>
    /// <param name="shape">Its shape.</param>
    public Tensor NoGradient(bool isWanted, params long[] shape)
    {
        if (!isWanted)
            return null!;
        var nothing = zeros(shape, device: Weight.device);
        return is_grad_enabled() && Weight.requires_grad ? nothing + Weight.sum() * 0f : nothing; // through which gradients of gradients lead
    }
}
