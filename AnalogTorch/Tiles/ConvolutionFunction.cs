using AnalogTorch.Core;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>The autograd node of a convolution on a tile: the array is read once at every place of the kernel, both ways.</summary>
/// <remarks>
/// The product is torch's own convolution. Converters and noise of outputs work element by element; the scale of the inputs is that of a
/// whole sample, as long as the path can be written as two passes around the product. Otherwise every place is a row of its own, with its
/// own scale, at the price of unfolding the input.
/// </remarks>
internal sealed class ConvolutionFunction : autograd.SingleTensorFunction<ConvolutionFunction>
{
    public override string Name => nameof(ConvolutionFunction);

    /// <summary>Runs a layer on its tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="shape">How the kernel moves.</param>
    /// <param name="x">Inputs [samples, channels, …].</param>
    /// <param name="weight">Kernels [outputs, channels of a group, …].</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="training">Whether the layer is in training mode.</param>
    /// <returns>Outputs [samples, outputs, …].</returns>
    public static Tensor Apply(Tile tile, ConvolutionShape shape, Tensor x, Tensor weight, Tensor? bias, bool training)
    {
        if (shape.Misfit(x, weight.shape[1] * shape.Groups) is { } rule)
            throw new ArgumentException($"{tile.Name}: the input must be {rule}, but is [{string.Join(", ", x.shape)}].");
        tile.Check(x, weight);
        var isSingle = x.dim() == shape.Dimensions + 1;
        if (isSingle)
            x = x.unsqueeze(0);
        try
        {
            var call = tile.Begin(weight, bias, training);
            var y = is_grad_enabled() ? apply(x, weight, bias!, call, shape) : Forward(call, shape, x, keepsGraph: false).Y;
            return isSingle ? y.squeeze(0) : y;
        }
        catch (NotFiniteNumberException)
        {
            throw tile.NotFinite();
        }
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, call, shape) = ((Tensor)vars[0], (TileCall)vars[3], (ConvolutionShape)vars[4]);
        var result = Forward(call, shape, x, keepsGraph: call.WantsWeight && !call.Tile.LearnsByPulses);
        var kept = call.WantsUpdate && x.NumberOfElements > 0 ? x.detach().DetachFromDisposeScope() : null;
        ctx.save_data("read", new Read(call, shape, x.shape, kept, result.Graph, x.requires_grad));
        if (!call.Tile.LearnsByPulses)
            ctx.save_for_backward([call.Weight]); // torch counts writes to it, and refuses a backward through values that are gone
        // The same memory under a tensor that is no view: torch refuses to change a view from inside of a node in place, as an activation after it may.
        return empty(0, dtype: result.Y.dtype, device: result.Y.device).set_(result.Y);
    }

    /// <remarks>An exception here would end the process, so the tile keeps it.</remarks>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var read = (Read)ctx.get_data("read");
        var call = read.Call;
        try
        {
            using var scope = NewDisposeScope();
            Tile.CheckOrder();
            if (!call.Tile.LearnsByPulses)
                ctx.get_saved_variables();
            var delta = grad_output.detach().contiguous();
            Tile.CheckGradient(delta);
            if (read.X is { IsInvalid: true })
                throw new InvalidOperationException(Tile.ZeroedTooEarly);
            if (delta.NumberOfElements == 0)
                return [.. Nothing().Select(Out)]; // is learned from no samples
            var gradient = read.WantsInput ? Backward(call, read.Shape, delta, read.InputShape) : null;
            var weightGradient = read.Graph?.Gradient(delta) ?? (call.WantsWeight ? read.Shape.WeightGradient(read.X!, delta, call.Weight.shape) : null);
            var biasGradient = call.WantsBias ? delta.flatten(2).sum([0L, 2L]) : null;
            if (read.X is not null)
                call.Tile.Keep(call, new ConvolutionExample(read.X, delta, read.Shape));
            return [Out(gradient), Out(weightGradient), Out(biasGradient), null!, null!];
        }
        catch (Exception exception)
        {
            call.Tile.Keep(exception);
            return Nothing();
        }

        List<Tensor> Nothing() =>
        [
            Tile.NoGradient(read.WantsInput, call.Weight, read.InputShape), Tile.NoGradient(call.WantsWeight, call.Weight, call.Weight.shape),
            Tile.NoGradient(call.WantsBias, call.Weight, call.Tile.Outputs), null!, null!,
        ];

        static Tensor Out(Tensor? tensor) => tensor?.MoveToOuterDisposeScope()!;
    }

    /// <summary>Outputs, and where asked for the graph from which a gradient of the weights comes.</summary>
    private static (Tensor Y, WeightGraph? Graph) Forward(TileCall call, ConvolutionShape shape, Tensor x, bool keepsGraph)
    {
        using var scope = NewDisposeScope();
        var (tile, path) = (call.Tile, call.Tile.ForwardPath);
        var weight = tile.OwnWeightsOf(call).detach().view(call.Weight.shape);
        var bias = call.AnalogBias;
        var graph = keepsGraph ? new WeightGraph(weight) : null;
        Tensor y;
        x = x.detach();
        tile.Record?.Add(x);
        tile.Driven?.Invoke(x, ReadSide.Inputs);
        var isExact = (path.IsExact && call.Units?.Correction is null) || x.NumberOfElements == 0;
        if (isExact)
            y = graph is null ? shape.Multiply(x, weight) : graph.Multiply(shape, x);
        else if (path.TakesPasses(x) && FitsOneTile(tile, call))
            y = ReadMaps(x.contiguous());
        else
            y = ReadRows(x);
        if (isExact && bias is not null)
            Add(bias);
        tile.Watch?.Invoke(y);
        if (call.Offsets is { } offsets)
            Add(offsets);
        if (call.Bias is not null && !tile.HasAnalogBias)
            Add(call.Bias);
        return (y.MoveToOuterDisposeScope(), graph);

        void Add(Tensor ofOutputs) => y.add_(ofOutputs.detach().view([1, -1, .. Enumerable.Repeat(1L, shape.Dimensions)]), LastingScalars.One);

        Tensor ReadMaps(Tensor inputs)
        {
            long[] outputShape = [];
            var (maps, scales) = path.ReadMaps(inputs, Product, bias?.detach(), call.Units, call.ForwardStream);
            graph?.ScaledBy(scales);
            return maps.view(outputShape);

            Tensor Product(Tensor converted)
            {
                var product = graph is null ? shape.Multiply(converted, weight) : graph.Multiply(shape, converted);
                outputShape = product.shape;
                return product.contiguous().view(product.shape[0], product.shape[1], -1);
            }
        }

        Tensor ReadRows(Tensor inputs)
        {
            var patches = shape.Unfold(inputs);
            var (groups, outputs) = (shape.Groups, tile.Outputs / shape.Groups);
            var rows = new Tensor[groups];
            for (var group = 0L; group < groups; group++)
            {
                using var unitsOfGroup = call.Units?.Narrow(group * outputs, outputs);
                rows[group] = tile.Size.Read(path, tile.Size.MaxInputs, patches.select(1, group), weight.view(tile.Outputs, -1).narrow(0, group * outputs, outputs),
                    bias?.detach().narrow(0, group * outputs, outputs), unitsOfGroup, call.ForwardStream.Split("group").Split(group));
            }
            graph?.Multiply(shape, inputs).Dispose();
            return shape.ToMaps(cat(rows, 1), inputs.shape);
        }
    }

    /// <summary>Gradients by the inputs, as a read from the output side gives them.</summary>
    private static Tensor Backward(TileCall call, ConvolutionShape shape, Tensor delta, long[] inputShape)
    {
        var (tile, path) = (call.Tile, call.Tile.BackwardPath);
        var matrix = tile.OwnWeightsOf(call).detach();
        if (call.Units is { } units)
            (delta, matrix) = call.Reversed(units, delta, matrix, outputs: 1);
        tile.Driven?.Invoke(delta, ReadSide.Outputs);
        var weight = matrix.view(call.Weight.shape);
        if (TileCall.IsPlain(path, delta))
            return shape.MultiplyTransposed(delta, weight, inputShape);
        if (path.TakesPasses(delta) && FitsOneTile(tile, call))
            return path.ReadMaps(delta, converted => shape.MultiplyTransposed(converted, weight, inputShape).contiguous().view(inputShape[0], inputShape[1], -1), null, null, call.BackwardStream)
                .Y.view(inputShape);
        var (groups, outputs) = (shape.Groups, tile.Outputs / shape.Groups);
        using var rows = delta.flatten(2).transpose(1, 2).reshape(-1, groups, outputs);
        var patches = new Tensor[groups];
        for (var group = 0L; group < groups; group++)
        {
            patches[group] = tile.Size.Read(path, tile.Size.MaxOutputs, rows.select(1, group).contiguous(), weight.view(tile.Outputs, -1).narrow(0, group * outputs, outputs).t(),
                null, null, call.BackwardStream.Split("group").Split(group));
        }
        return shape.Fold(stack(patches, 1), inputShape);
    }

    private static bool FitsOneTile(Tile tile, TileCall call) =>
        !tile.Size.AddsDigitally || (tile.Inputs + (call.AnalogBias is null ? 0 : 1) <= tile.Size.MaxInputs && tile.Outputs / tile.Groups <= tile.Size.MaxOutputs);

    /// <param name="Call">The call.</param>
    /// <param name="Shape">How the kernel moves.</param>
    /// <param name="InputShape">Shape of the inputs.</param>
    /// <param name="X">The inputs, if backward is to keep them for an update.</param>
    /// <param name="Graph">Where a gradient of the weights comes from, if one is wanted.</param>
    /// <param name="WantsInput">Whether somebody asks for the gradient by the inputs.</param>
    private sealed record Read(TileCall Call, ConvolutionShape Shape, long[] InputShape, Tensor? X, WeightGraph? Graph, bool WantsInput);
}

/// <summary>Inputs and errors of a convolution: each place of each sample is an example.</summary>
internal sealed class ConvolutionExample(Tensor x, Tensor delta, ConvolutionShape shape) : LearningExample
{
    private const long ElementsOfBatch = 4 << 20; // of unfolded inputs: 16 MB
    private readonly Tensor x = x.DetachFromDisposeScope(), delta = delta.DetachFromDisposeScope();

    public override IEnumerable<(Tensor X, Tensor Delta)> Batches()
    {
        var samples = x.shape[0];
        var elementsOfSample = x.shape[1] * shape.Places * (delta.NumberOfElements / Math.Max(samples * delta.shape[1], 1));
        var samplesOfBatch = Math.Clamp(ElementsOfBatch / Math.Max(elementsOfSample, 1), 1, Math.Max(samples, 1));
        for (var first = 0L; first < samples; first += samplesOfBatch)
            yield return Rows(first, Math.Min(samplesOfBatch, samples - first));
    }

    public override void Dispose()
    {
        x.Dispose();
        delta.Dispose();
    }

    private (Tensor X, Tensor Delta) Rows(long first, long count)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var patches = shape.Unfold(x.narrow(0, first, count));
        if (shape.Groups == 1)
        {
            patches = patches.squeeze(1);
        }
        else
        {
            var padded = zeros(patches.shape[0], shape.Groups, PulseTrains.LinesOfGroup(patches.shape[2]), device: x.device);
            padded.narrow(2, 0, patches.shape[2]).copy_(patches);
            patches = padded.flatten(1);
        }
        var errors = delta.narrow(0, first, count).flatten(2).transpose(1, 2).reshape(-1, delta.shape[1]);
        return (patches.contiguous().MoveToOuterDisposeScope().DetachFromDisposeScope(), errors.contiguous().MoveToOuterDisposeScope().DetachFromDisposeScope());
    }
}
