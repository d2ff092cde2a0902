using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>A transposed convolution: the array is read once at every place of the input.</summary>
/// <remarks>
/// Inputs of the array are the channels at one place. Its outputs are the channels of the output at every place of the kernel, which digital circuits
/// add to what neighbours give there. Every place has a scale of its own.
/// </remarks>
/// <param name="Shape">How the kernels lie over the output.</param>
/// <param name="Lengths">Lengths of the output.</param>
internal sealed record TransposedRead(TransposedShape Shape, long[] Lengths) : KernelRead
{
    public override int Dimensions => Shape.Dimensions;

    /// <summary>Runs a layer on its tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="shape">How the kernels lie over the output.</param>
    /// <param name="x">Inputs [samples, inputs, …].</param>
    /// <param name="weight">Kernels [inputs, outputs of a group, …].</param>
    /// <param name="training">Whether the layer is in training mode.</param>
    /// <param name="outputSize">Lengths that the output is to have; null for those of the shape.</param>
    /// <returns>Outputs [samples, outputs, …], without a bias.</returns>
    public static Tensor Apply(Tile tile, TransposedShape shape, Tensor x, Tensor weight, bool training, long[]? outputSize)
    {
        if (shape.Misfit(x) is { } rule)
            throw new ArgumentException($"{tile.Name}: the input must be {rule}, but is [{string.Join(", ", x.shape)}].");
        long[] lengths;
        try
        {
            lengths = shape.OutputLengths(x.shape[^shape.Dimensions..], outputSize);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"{tile.Name}: {exception.Message}", nameof(outputSize), exception);
        }
        return KernelFunction.Apply(tile, new TransposedRead(shape, lengths), x, weight, null, training);
    }

    public override (Tensor Y, WeightGraph? Graph) Forward(Tile tile, TileCall call, Tensor x, bool keepsGraph)
    {
        using var scope = NewDisposeScope();
        var reading = tile.ReadInputs(call, owned: true);
        var rows = TransposedShape.RowsOf(x.detach());
        reading.Observers.Record?.Add(rows);
        reading.Observers.Driven?.Invoke(rows, ReadSide.Inputs);
        var inputs = Shape.Inputs / Shape.Groups;
        var parts = rows.NumberOfElements == 0
            ? [zeros([rows.shape[0], tile.Outputs], device: rows.device)]
            : reading.ForwardGroups(Shape.Groups, group => rows.narrow(1, group * inputs, inputs).contiguous());
        var read = parts.Length == 1 ? parts[0] : cat(parts, 1);
        reading.Observers.Watch?.Invoke(read);
        if (reading.Offsets is { } offsets)
            read.add_(offsets, LastingScalars.One);
        return (Shape.Fold(read, x.shape[0], x.shape[2..], Lengths).MoveToOuterDisposeScope(), null);
    }

    public override List<Tensor> Saves(TileCall call, Tensor x) =>
        [.. call.WantsWeight ? [x] : Array.Empty<Tensor>(), .. x.requires_grad ? [call.Weight] : Array.Empty<Tensor>()];

    public override (Tensor? Input, Tensor? Weight) Backward(
        Tile tile, TileCall call, Tensor delta, long[] inputShape, bool wantsInput, Tensor? x, WeightGraph? graph)
    {
        var errors = wantsInput || call.WantsWeight ? Unfold(delta, inputShape) : null;
        return (
            wantsInput ? TransposedShape.ToMaps(Backward(tile, call, errors!), inputShape) : null,
            call.WantsWeight ? WeightGradient(x!.detach(), errors!) : null);
    }

    public override long ElementsOfSample(Tensor x, Tensor delta) => x.shape[2..].Aggregate(1L, (product, size) => product * size) * Shape.OutputsOfArray;

    public override (Tensor X, Tensor Delta) Examples(Tensor x, Tensor delta) => x.shape[0] == 0
        ? (zeros([0, Shape.Groups, Shape.Inputs / Shape.Groups], device: x.device), zeros([0, Shape.OutputsOfArray], device: x.device))
        : (TransposedShape.RowsOf(x).view(-1, Shape.Groups, Shape.Inputs / Shape.Groups), Shape.Unfold(delta, x.shape[2..]));

    /// <summary>Gradients by the inputs, place by place [samples · places, inputs].</summary>
    private Tensor Backward(Tile tile, TileCall call, Tensor errors)
    {
        if (errors.NumberOfElements == 0)
            return zeros([errors.shape[0], Shape.Inputs], device: errors.device);
        var reading = tile.ReadOutputs(call, owned: true);
        (errors, var matrix) = reading.Reversed(errors);
        reading.Observers.Driven?.Invoke(errors, ReadSide.Outputs);
        var columns = tile.Outputs / Shape.Groups;
        return cat(reading.BackwardGroups(Shape.Groups, matrix, group => errors.narrow(1, group * columns, columns).contiguous()), 1);
    }

    /// <summary>The gradient in the order of the parameter [inputs, outputs of a group · places of the kernel].</summary>
    private Tensor WeightGradient(Tensor x, Tensor errors)
    {
        var rows = TransposedShape.RowsOf(x);
        var (inputs, columns) = (Shape.Inputs / Shape.Groups, errors.shape[1] / Shape.Groups);
        return cat([.. Enumerable.Range(0, (int)Shape.Groups).Select(group => rows.narrow(1, group * inputs, inputs).t().mm(errors.narrow(1, group * columns, columns)))]);
    }

    private Tensor Unfold(Tensor delta, long[] inputShape) =>
        inputShape[0] == 0 ? zeros([0, Shape.OutputsOfArray], device: delta.device) : Shape.Unfold(delta, inputShape[2..]);
}
