using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>How the kernels of a transposed convolution lie over its output, in one, two or three dimensions.</summary>
/// <remarks>The value of the output at stride·i + dilation·k − padding is the sum of what the inputs at i give through the places k of the kernel.</remarks>
/// <param name="Inputs">Channels of the input.</param>
/// <param name="Outputs">Channels of the output.</param>
/// <param name="Kernel">Size of the kernel along each dimension.</param>
/// <param name="Stride">Distance of the kernels of neighbours along each dimension.</param>
/// <param name="Padding">What is cut off on either side along each dimension.</param>
/// <param name="OutputPadding">What is added at the end along each dimension, unless a call says how large its output is to be.</param>
/// <param name="Dilation">Distance of neighbours in the kernel along each dimension.</param>
/// <param name="Groups">Groups of channels that do not mix.</param>
internal sealed record TransposedShape(long Inputs, long Outputs, long[] Kernel, long[] Stride, long[] Padding, long[] OutputPadding, long[] Dilation, long Groups)
{
    private readonly ConvolutionShape reverse = new(Kernel, Stride, new long[Kernel.Length], Dilation, Groups);

    /// <summary>Number of dimensions.</summary>
    public int Dimensions => Kernel.Length;

    /// <summary>Outputs of the array: those of the layer at every place of the kernel.</summary>
    public long OutputsOfArray => Outputs * reverse.Places;

    /// <summary>Checks an input; null if it fits, otherwise what it must be.</summary>
    /// <param name="x">Inputs, with or without a dimension of samples.</param>
    public string? Misfit(Tensor x)
    {
        var shape = x.shape;
        var first = shape.Length - Dimensions - 1;
        if (first is not (0 or 1) || shape[first] != Inputs)
            return $"[samples, {Inputs}{string.Concat(Enumerable.Repeat(", size", Dimensions))}]";
        for (var d = 0; d < Dimensions; d++)
            if (shape[first + 1 + d] < 1 || Smallest(d, shape[first + 1 + d]) + OutputPadding[d] < 1)
                return $"longer in dimension {first + 1 + d}, where nothing would be left of the output";
        return null;
    }

    /// <summary>Lengths of the output.</summary>
    /// <param name="lengths">Lengths of the input.</param>
    /// <param name="wanted">Lengths that the output is to have, or its whole shape; null for those that <see cref="OutputPadding"/> gives.</param>
    /// <exception cref="ArgumentException">The output cannot have such lengths.</exception>
    public long[] OutputLengths(long[] lengths, long[]? wanted)
    {
        if (wanted is null)
            return [.. lengths.Select((length, d) => Smallest(d, length) + OutputPadding[d])];
        long[] asked = wanted.Length > Dimensions ? wanted[^Dimensions..] : wanted;
        for (var d = 0; d < Dimensions; d++)
        {
            if (asked.Length != Dimensions || wanted.Length > Dimensions + 2 || asked[d] < Smallest(d, lengths[d]) || asked[d] > Smallest(d, lengths[d]) + Stride[d] - 1)
            {
                var limits = lengths.Select((length, e) => $"{Smallest(e, length)} to {Smallest(e, length) + Stride[e] - 1}");
                throw new ArgumentException($"output_size must be [{string.Join(", ", limits)}] for an input [{string.Join(", ", lengths)}], but is [{string.Join(", ", wanted)}].");
            }
        }
        return asked;
    }

    /// <summary>What is added at the end of outputs of known lengths.</summary>
    /// <param name="lengths">Lengths of the input.</param>
    /// <param name="outputs">Lengths of the output.</param>
    public long[] Beyond(long[] lengths, long[] outputs) => [.. outputs.Select((length, d) => length - Smallest(d, lengths[d]))];

    /// <summary>The channels at every place of the input, as rows.</summary>
    /// <param name="x">Inputs [samples, inputs, …].</param>
    /// <returns>[samples · places, inputs], in the caller's dispose scope.</returns>
    public static Tensor RowsOf(Tensor x)
    {
        using var scope = NewDisposeScope();
        return x.flatten(2).transpose(1, 2).reshape(-1, x.shape[1]).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>The reverse of <see cref="RowsOf"/>.</summary>
    /// <param name="rows">[samples · places, inputs].</param>
    /// <param name="shape">Shape of the inputs [samples, inputs, …].</param>
    public static Tensor ToMaps(Tensor rows, long[] shape)
    {
        using var scope = NewDisposeScope();
        return rows.view(shape[0], -1, shape[1]).transpose(1, 2).contiguous().view(shape).MoveToOuterDisposeScope();
    }

    /// <summary>Adds up what belongs to one place of the output.</summary>
    /// <param name="rows">What the array gives for each place of the input [samples · places, outputs · places of the kernel].</param>
    /// <param name="samples">Number of samples.</param>
    /// <param name="lengths">Lengths of the input.</param>
    /// <param name="outputs">Lengths of the output.</param>
    /// <returns>[samples, outputs, …] in memory of its own.</returns>
    public Tensor Fold(Tensor rows, long samples, long[] lengths, long[] outputs)
    {
        using var scope = NewDisposeScope();
        var parts = rows.view([samples, .. lengths, Outputs, reverse.Places]).movedim([-2L], [1L]);
        var whole = zeros([samples, Outputs, .. Extent(lengths, outputs)], device: rows.device);
        for (var place = 0L; place < reverse.Places; place++)
        {
            using var inner = NewDisposeScope();
            var target = whole;
            var rest = place;
            for (var d = Dimensions - 1; d >= 0; d--)
            {
                var start = rest % Kernel[d] * Dilation[d];
                rest /= Kernel[d];
                target = target.slice(2 + d, start, start + (lengths[d] - 1) * Stride[d] + 1, Stride[d]);
            }
            target.add_(parts.select(-1, place), LastingScalars.One);
        }
        return Cut(whole, outputs).clone().MoveToOuterDisposeScope();
    }

    /// <summary>The transpose of <see cref="Fold"/>: the errors that belong to each place of the input.</summary>
    /// <param name="delta">Gradients by the outputs [samples, outputs, …].</param>
    /// <param name="lengths">Lengths of the input.</param>
    /// <returns>[samples · places, outputs · places of the kernel], in the caller's dispose scope.</returns>
    public Tensor Unfold(Tensor delta, long[] lengths)
    {
        using var scope = NewDisposeScope();
        var whole = zeros([delta.shape[0], Outputs, .. Extent(lengths, delta.shape[2..])], device: delta.device);
        Cut(whole, delta.shape[2..]).copy_(delta);
        for (var d = 0; d < Dimensions; d++)
            whole = whole.narrow(2 + d, 0, Span(d, lengths[d]));
        return reverse.Unfold(whole).reshape(-1, OutputsOfArray).MoveToOuterDisposeScope();
    }

    /// <summary>Lengths of what all kernels together cover, and of the output with what is cut off at its start.</summary>
    private IEnumerable<long> Extent(long[] lengths, long[] outputs) => lengths.Select((length, d) => Math.Max(Span(d, length), Padding[d] + outputs[d]));

    private Tensor Cut(Tensor whole, long[] outputs)
    {
        for (var d = 0; d < Dimensions; d++)
            whole = whole.narrow(2 + d, Padding[d], outputs[d]);
        return whole;
    }

    private long Span(int dimension, long length) => (length - 1) * Stride[dimension] + Dilation[dimension] * (Kernel[dimension] - 1) + 1;

    private long Smallest(int dimension, long length) => Span(dimension, length) - 2 * Padding[dimension];
}
