using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>A convolution as torch's autograd sees it, kept from a read to the backward pass, where the gradient of the weights comes from it.</summary>
/// <remarks>
/// In a read with converters the gradient is that of the inputs as the array saw them. The memory is freed in the first backward pass.
/// </remarks>
/// <param name="weight">The kernels as the read finds them.</param>
internal sealed class WeightGraph(Tensor weight) : IDisposable
{
    private readonly Tensor weight = weight.detach().requires_grad_(true).DetachFromDisposeScope();
    private Tensor? product;
    private Tensor? scale;

    /// <summary>Multiplies, and keeps what backward needs.</summary>
    /// <param name="shape">How the kernel moves.</param>
    /// <param name="x">Inputs [samples, channels, …].</param>
    public Tensor Multiply(ConvolutionShape shape, Tensor x)
    {
        using var grad = enable_grad();
        product = shape.Multiply(x, weight).DetachFromDisposeScope();
        return product.detach();
    }

    /// <summary>Notes by how much the inputs of every sample were divided.</summary>
    public void ScaledBy(float[] scales)
    {
        if (scales.Any(factor => factor != 1))
            scale = tensor(scales, device: weight.device).DetachFromDisposeScope();
    }

    /// <summary>The gradient of the weights.</summary>
    /// <param name="delta">Gradients by the outputs.</param>
    public Tensor Gradient(Tensor delta)
    {
        if (weight.IsInvalid)
            throw new InvalidOperationException("backward ran twice through one call; run forward again before the second");
        if (scale is not null)
            delta = delta * scale.view([-1, .. Enumerable.Repeat(1L, (int)delta.dim() - 1)]);
        var gradient = autograd.grad([product!], [weight], [delta])[0];
        Dispose();
        return gradient;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        product?.Dispose();
        scale?.Dispose();
        weight.Dispose();
    }
}
