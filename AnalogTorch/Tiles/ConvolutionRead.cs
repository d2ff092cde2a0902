using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>A convolution: the array is read once at every place of the kernel.</summary>
/// <remarks>
/// The product is torch's own convolution. Converters and noise of outputs work element by element; the scale of the inputs is that of a
/// whole sample, as long as the path can be written as two passes around the product. Otherwise every place is a row of its own, with its
/// own scale, at the price of unfolding the input.
/// </remarks>
/// <param name="Shape">How the kernel moves.</param>
internal sealed record ConvolutionRead(ConvolutionShape Shape) : KernelRead
{
    public override int Dimensions => Shape.Dimensions;

    /// <summary>Runs a layer on its tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="shape">How the kernel moves.</param>
    /// <param name="x">Inputs [samples, channels, …].</param>
    /// <param name="weight">Kernels [outputs, channels of a group, …].</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="training">Whether the layer is in training mode.</param>
    public static Tensor Apply(Tile tile, ConvolutionShape shape, Tensor x, Tensor weight, Tensor? bias, bool training)
    {
        if (shape.Misfit(x, weight.shape[1] * shape.Groups) is { } rule)
            throw new ArgumentException($"{tile.Name}: the input must be {rule}, but is [{string.Join(", ", x.shape)}].");
        return KernelFunction.Apply(tile, new ConvolutionRead(shape), x, weight, bias, training);
    }

    public override (Tensor Y, WeightGraph? Graph) Forward(Tile tile, TileCall call, Tensor x, bool keepsGraph)
    {
        using var scope = NewDisposeScope();
        var reading = tile.ReadInputs(call, owned: true);
        var weight = reading.Weights.view(call.Weight.shape);
        var graph = keepsGraph ? new WeightGraph(weight) : null;
        Tensor y;
        x = x.detach();
        reading.Observers.Record?.Add(x);
        reading.Observers.Driven?.Invoke(x, ReadSide.Inputs);
        var isExact = (reading.Path.IsExact && reading.Units?.Correction is null) || x.NumberOfElements == 0;
        if (isExact)
            y = Multiply(x);
        else if (reading.Path.TakesPasses(x) && tile.FitsOneTile)
            y = ReadMaps(x.contiguous());
        else
            y = ReadRows(x);
        if (isExact && reading.Bias is { } bias)
            Add(bias);
        reading.Observers.Watch?.Invoke(y);
        if (reading.Offsets is { } offsets)
            Add(offsets);
        if (reading.DigitalBias is { } digital)
            Add(digital);
        return (y.MoveToOuterDisposeScope(), graph);

        Tensor Multiply(Tensor inputs) => graph is null ? Shape.Multiply(inputs, weight) : graph.Multiply(Shape, inputs);

        void Add(Tensor ofOutputs) => y.add_(ofOutputs.detach().view([1, -1, .. Enumerable.Repeat(1L, Dimensions)]), LastingScalars.One);

        Tensor ReadMaps(Tensor inputs)
        {
            long[] outputShape = [];
            var (maps, scales) = reading.Path.ReadMaps(inputs, Product, reading.Bias?.detach(), reading.Units, reading.Stream);
            graph?.ScaledBy(scales);
            return maps.view(outputShape);

            Tensor Product(Tensor converted)
            {
                var product = Multiply(converted);
                outputShape = product.shape;
                return product.contiguous().view(product.shape[0], product.shape[1], -1);
            }
        }

        Tensor ReadRows(Tensor inputs)
        {
            var patches = Shape.Unfold(inputs);
            var rows = reading.ForwardGroups(Shape.Groups, group => patches.select(1, group));
            graph?.Multiply(Shape, inputs).Dispose();
            return Shape.ToMaps(cat(rows, 1), inputs.shape);
        }
    }

    public override List<Tensor> Saves(TileCall call, Tensor x) => [call.Weight];

    public override (Tensor? Input, Tensor? Weight) Backward(
        Tile tile, TileCall call, Tensor delta, long[] inputShape, bool wantsInput, Tensor? x, WeightGraph? graph) => (
        wantsInput ? Backward(tile, call, delta, inputShape) : null,
        graph?.Gradient(delta) ?? (call.WantsWeight ? Shape.WeightGradient(x!, delta, call.Weight.shape) : null));

    public override long ElementsOfSample(Tensor x, Tensor delta) =>
        x.shape[1] * Shape.Places * (delta.NumberOfElements / Math.Max(x.shape[0] * delta.shape[1], 1));

    public override (Tensor X, Tensor Delta) Examples(Tensor x, Tensor delta) => x.shape[0] == 0
        ? (zeros([0, Shape.Groups, x.shape[1] / Shape.Groups * Shape.Places], device: x.device), zeros([0, delta.shape[1]], device: x.device))
        : (Shape.Unfold(x), delta.flatten(2).transpose(1, 2).reshape(-1, delta.shape[1]));

    private Tensor Backward(Tile tile, TileCall call, Tensor delta, long[] inputShape)
    {
        var reading = tile.ReadOutputs(call, owned: true);
        var path = reading.Path;
        (delta, var matrix) = reading.Reversed(delta);
        reading.Observers.Driven?.Invoke(delta, ReadSide.Outputs);
        var weight = matrix.view(call.Weight.shape);
        if (reading.IsPlain(delta))
            return Shape.MultiplyTransposed(delta, weight, inputShape);
        if (path.TakesPasses(delta) && tile.FitsOneTile)
        {
            return path.ReadMaps(
                delta, converted => Shape.MultiplyTransposed(converted, weight, inputShape).contiguous().view(inputShape[0], inputShape[1], -1), null, null, reading.Stream)
                .Y.view(inputShape);
        }
        using var rows = delta.flatten(2).transpose(1, 2).reshape(-1, Shape.Groups, tile.Outputs / Shape.Groups);
        return Shape.Fold(stack(reading.BackwardGroups(Shape.Groups, matrix, group => rows.select(1, group).contiguous()), 1), inputShape);
    }
}
