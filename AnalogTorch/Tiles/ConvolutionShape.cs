using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tiles;

/// <summary>How a kernel moves over its input, in one, two or three dimensions; borders are filled with zeros.</summary>
/// <param name="Kernel">Size of the kernel along each dimension.</param>
/// <param name="Stride">Step along each dimension.</param>
/// <param name="Padding">Zeros on either side along each dimension.</param>
/// <param name="Dilation">Distance of neighbours in the kernel along each dimension.</param>
/// <param name="Groups">Groups of channels that do not mix.</param>
internal sealed record ConvolutionShape(long[] Kernel, long[] Stride, long[] Padding, long[] Dilation, long Groups)
{
    /// <summary>Number of dimensions.</summary>
    public int Dimensions => Kernel.Length;

    /// <summary>Number of places of the kernel: lines of an array that one channel takes.</summary>
    public long Places => Kernel.Aggregate(1L, (product, size) => product * size);

    /// <summary>The convolution itself, by torch.</summary>
    /// <param name="x">Inputs [samples, channels, …].</param>
    /// <param name="weight">Kernels [outputs, channels of a group, …].</param>
    public Tensor Multiply(Tensor x, Tensor weight) => Dimensions switch
    {
        1 => functional.conv1d(x, weight, null!, Stride[0], Padding[0], Dilation[0], Groups),
        2 => functional.conv2d(x, weight, null!, Stride, Padding, Dilation, Groups),
        _ => functional.conv3d(x, weight, null!, Stride, Padding, Dilation, Groups),
    };

    /// <summary>Its transpose: from outputs to inputs of the given shape.</summary>
    /// <param name="y">Values at the outputs [samples, outputs, …].</param>
    /// <param name="weight">Kernels [outputs, channels of a group, …].</param>
    /// <param name="inputShape">Shape of the inputs [samples, channels, …].</param>
    public Tensor MultiplyTransposed(Tensor y, Tensor weight, long[] inputShape)
    {
        var beyond = new long[Dimensions]; // inputs at the end that no kernel reaches
        for (var d = 0; d < Dimensions; d++)
            beyond[d] = (inputShape[d + 2] + 2 * Padding[d] - Span(d)) % Stride[d];
        return Dimensions switch
        {
            1 => functional.conv_transpose1d(y, weight, null!, Stride[0], Padding[0], beyond[0], Dilation[0], Groups),
            2 => functional.conv_transpose2d(y, weight, null!, Stride, Padding, beyond, Dilation, Groups),
            _ => functional.conv_transpose3d(y, weight, null!, Stride, Padding, beyond, Dilation, Groups),
        };
    }

    /// <summary>The gradient of the kernels.</summary>
    /// <param name="x">Inputs [samples, channels, …].</param>
    /// <param name="delta">Gradients by the outputs [samples, outputs, …].</param>
    /// <param name="weightShape">Shape of the kernels.</param>
    public Tensor WeightGradient(Tensor x, Tensor delta, long[] weightShape)
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        var weight = zeros(weightShape, device: x.device, requires_grad: true);
        return autograd.grad([Multiply(x, weight)], [weight], [delta])[0].MoveToOuterDisposeScope();
    }

    /// <summary>What the kernel sees at every place, as rows.</summary>
    /// <param name="x">Inputs [samples, channels, …].</param>
    /// <returns>[samples · places, groups, inputs of a group], in the caller's dispose scope.</returns>
    public Tensor Unfold(Tensor x)
    {
        using var scope = NewDisposeScope();
        if (Padding.Any(zeros => zeros > 0))
            x = functional.pad(x, Padding.Reverse().SelectMany(zeros => new[] { zeros, zeros }).ToArray());
        var (samples, channels) = (x.shape[0], x.shape[1]);
        for (var d = 0; d < Dimensions; d++)
        {
            x = x.unfold(2 + d, Span(d), Stride[d]);
            if (Dilation[d] > 1)
                x = x.slice(x.dim() - 1, 0, Span(d), Dilation[d]);
        }
        var order = Enumerable.Range(2, Dimensions).Prepend(0).Append(1).Concat(Enumerable.Range(2 + Dimensions, Dimensions)).Select(i => (long)i);
        return x.permute(order.ToArray()).reshape(-1, Groups, channels / Groups * Places).MoveToOuterDisposeScope();
    }

    /// <summary>The transpose of <see cref="Unfold"/>: what belongs to one input is added up.</summary>
    /// <param name="patches">[samples · places, groups, inputs of a group].</param>
    /// <param name="inputShape">Shape of the inputs [samples, channels, …].</param>
    public Tensor Fold(Tensor patches, long[] inputShape)
    {
        using var scope = NewDisposeScope();
        var x = zeros(inputShape, device: patches.device, requires_grad: true);
        using var grad = enable_grad();
        return autograd.grad([Unfold(x)], [x], [patches])[0].MoveToOuterDisposeScope();
    }

    /// <summary>Rows of outputs, as maps.</summary>
    /// <param name="rows">[samples · places, outputs].</param>
    /// <param name="inputShape">Shape of the inputs [samples, channels, …].</param>
    /// <returns>[samples, outputs, …].</returns>
    public Tensor ToMaps(Tensor rows, long[] inputShape)
    {
        var places = Enumerable.Range(0, Dimensions).Select(d => (inputShape[d + 2] + 2 * Padding[d] - Span(d)) / Stride[d] + 1);
        return rows.view(inputShape[0], -1, rows.shape[1]).transpose(1, 2).reshape([inputShape[0], rows.shape[1], .. places]);
    }

    /// <summary>Checks the number of dimensions and channels of an input; null if it fits, otherwise what it must be.</summary>
    /// <param name="x">Inputs, with or without a dimension of samples.</param>
    /// <param name="channels">Number of channels.</param>
    public string? Misfit(Tensor x, long channels)
    {
        var shape = x.shape;
        var first = shape.Length - Dimensions - 1;
        if (first is not (0 or 1) || shape[first] != channels)
            return $"[samples, {channels}{string.Concat(Enumerable.Repeat(", size", Dimensions))}]";
        for (var d = 0; d < Dimensions; d++)
            if (shape[first + 1 + d] + 2 * Padding[d] < Span(d))
                return $"at least {Span(d) - 2 * Padding[d]} long in dimension {first + 1 + d}, which is what the kernel spans less the padding";
        return null;
    }

    private long Span(int dimension) => Dilation[dimension] * (Kernel[dimension] - 1) + 1;
}
