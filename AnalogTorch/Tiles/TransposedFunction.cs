using AnalogTorch.Core;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>The autograd node of a transposed convolution on a tile: the array is read once at every place of the input, both ways.</summary>
/// <remarks>
/// Inputs of the array are the channels at one place. Its outputs are the channels of the output at every place of the kernel, which digital circuits
/// add to what neighbours give there. Every place has a scale of its own.
/// </remarks>
internal sealed class TransposedFunction : autograd.SingleTensorFunction<TransposedFunction>
{
    public override string Name => nameof(TransposedFunction);

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
        tile.Check(x, weight);
        var isSingle = x.dim() == shape.Dimensions + 1;
        if (isSingle)
            x = x.unsqueeze(0);
        long[] outputs;
        try
        {
            outputs = shape.OutputLengths(x.shape[2..], outputSize);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"{tile.Name}: {exception.Message}", nameof(outputSize), exception);
        }
        try
        {
            var call = tile.Begin(weight, null, training);
            var y = is_grad_enabled() ? apply(x, weight, call, shape, outputs) : Forward(call, shape, x, outputs);
            return isSingle ? y.squeeze(0) : y;
        }
        catch (NotFiniteNumberException)
        {
            throw tile.NotFinite();
        }
    }

    /// <remarks>Torch itself keeps what its gradients need: it counts writes to them, and refuses a backward through values that are gone.</remarks>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, call, shape, outputs) = ((Tensor)vars[0], (TileCall)vars[2], (TransposedShape)vars[3], (long[])vars[4]);
        var y = Forward(call, shape, x, outputs);
        var kept = call.WantsUpdate && x.NumberOfElements > 0 ? x.detach().DetachFromDisposeScope() : null;
        ctx.save_data("read", new Read(call, shape, x.shape, kept, x.requires_grad));
        if (!call.Tile.LearnsByPulses)
            ctx.save_for_backward([.. call.WantsWeight ? [x] : Array.Empty<Tensor>(), .. x.requires_grad ? [call.Weight] : Array.Empty<Tensor>()]);
        return y;
    }

    /// <remarks>An exception here would end the process, so the tile keeps it.</remarks>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var read = (Read)ctx.get_data("read");
        var (call, shape) = (read.Call, read.Shape);
        try
        {
            using var scope = NewDisposeScope();
            Tile.CheckOrder();
            var saved = call.Tile.LearnsByPulses ? [] : ctx.get_saved_variables();
            var delta = grad_output.detach().contiguous();
            Tile.CheckGradient(delta);
            if (read.X is { IsInvalid: true })
                throw new InvalidOperationException(Tile.ZeroedTooEarly);
            if (delta.NumberOfElements == 0)
                return [.. Nothing().Select(Out)]; // is learned from no samples
            var errors = read.WantsInput || call.WantsWeight ? Unfold(shape, delta, read.InputShape) : null;
            var gradient = read.WantsInput ? TransposedShape.ToMaps(Backward(call, shape, errors!), read.InputShape) : null;
            var weightGradient = call.WantsWeight ? WeightGradient(shape, (read.X ?? saved[0]).detach(), errors!, call.Weight.shape) : null;
            if (read.X is not null)
                call.Tile.Keep(call, new TransposedExample(read.X, delta, shape));
            return [Out(gradient), Out(weightGradient), null!, null!, null!];
        }
        catch (Exception exception)
        {
            call.Tile.Keep(exception);
            return Nothing();
        }

        List<Tensor> Nothing() =>
            [Tile.NoGradient(read.WantsInput, call.Weight, read.InputShape), Tile.NoGradient(call.WantsWeight, call.Weight, call.Weight.shape), null!, null!, null!];

        static Tensor Out(Tensor? tensor) => tensor?.MoveToOuterDisposeScope()!;
    }

    private static Tensor Forward(TileCall call, TransposedShape shape, Tensor x, long[] outputs)
    {
        using var scope = NewDisposeScope();
        var (tile, path) = (call.Tile, call.Tile.ForwardPath);
        var rows = TransposedShape.RowsOf(x.detach());
        tile.Record?.Add(rows);
        tile.Driven?.Invoke(rows, ReadSide.Inputs);
        var matrix = tile.OwnWeightsOf(call).detach();
        var (inputs, columns) = (shape.Inputs / shape.Groups, tile.Outputs / shape.Groups);
        var parts = new Tensor[shape.Groups];
        for (var group = 0L; group < shape.Groups; group++)
        {
            using var units = call.Units?.Narrow(group * columns, columns);
            parts[group] = rows.NumberOfElements == 0
                ? zeros([rows.shape[0], columns], device: rows.device)
                : tile.Size.Read(
                    path, tile.Size.MaxInputs, rows.narrow(1, group * inputs, inputs).contiguous(), matrix.narrow(0, group * columns, columns), null, units,
                    call.ForwardStream.Split("group").Split(group));
        }
        var read = shape.Groups == 1 ? parts[0] : cat(parts, 1);
        tile.Watch?.Invoke(read);
        if (call.Offsets is { } offsets)
            read.add_(offsets, LastingScalars.One);
        return shape.Fold(read, x.shape[0], x.shape[2..], outputs).MoveToOuterDisposeScope();
    }

    /// <summary>Gradients by the inputs, as a read from the output side gives them.</summary>
    /// <param name="call">The call.</param>
    /// <param name="shape">How the kernels lie over the output.</param>
    /// <param name="errors">Errors at the outputs of the array, place by place.</param>
    /// <returns>[samples · places, inputs].</returns>
    private static Tensor Backward(TileCall call, TransposedShape shape, Tensor errors)
    {
        var (tile, path) = (call.Tile, call.Tile.BackwardPath);
        if (errors.NumberOfElements == 0)
            return zeros([errors.shape[0], shape.Inputs], device: errors.device);
        var matrix = tile.OwnWeightsOf(call).detach();
        if (call.Units is { } units)
            (errors, matrix) = call.Reversed(units, errors, matrix, outputs: 1);
        tile.Driven?.Invoke(errors, ReadSide.Outputs);
        var columns = tile.Outputs / shape.Groups;
        return cat(
            [
                .. Enumerable.Range(0, (int)shape.Groups).Select(group => tile.Size.Read(
                    path, tile.Size.MaxOutputs, errors.narrow(1, group * columns, columns).contiguous(), matrix.narrow(0, group * columns, columns).t(), null, null,
                    call.BackwardStream.Split("group").Split(group))),
            ],
            1);
    }

    private static Tensor WeightGradient(TransposedShape shape, Tensor x, Tensor errors, long[] weightShape)
    {
        var rows = TransposedShape.RowsOf(x);
        var (inputs, columns) = (shape.Inputs / shape.Groups, errors.shape[1] / shape.Groups);
        return cat([.. Enumerable.Range(0, (int)shape.Groups).Select(group => rows.narrow(1, group * inputs, inputs).t().mm(errors.narrow(1, group * columns, columns)))])
            .view(weightShape);
    }

    private static Tensor Unfold(TransposedShape shape, Tensor delta, long[] inputShape) => inputShape[0] == 0
        ? zeros([0, shape.OutputsOfArray], device: delta.device)
        : shape.Unfold(delta, inputShape[2..]);

    /// <param name="Call">The call.</param>
    /// <param name="Shape">How the kernels lie over the output.</param>
    /// <param name="InputShape">Shape of the inputs.</param>
    /// <param name="X">The inputs, if backward is to keep them for an update.</param>
    /// <param name="WantsInput">Whether somebody asks for the gradient by the inputs.</param>
    private sealed record Read(TileCall Call, TransposedShape Shape, long[] InputShape, Tensor? X, bool WantsInput);
}

/// <summary>Inputs and errors of a transposed convolution: each place of the input is an example.</summary>
internal sealed class TransposedExample(Tensor x, Tensor delta, TransposedShape shape) : LearningExample
{
    private const long ElementsOfBatch = 4 << 20; // of unfolded errors: 16 MB
    private readonly Tensor x = x.DetachFromDisposeScope(), delta = delta.DetachFromDisposeScope();

    public override IEnumerable<(Tensor X, Tensor Delta)> Batches()
    {
        var samples = x.shape[0];
        if (samples == 0)
            yield return (zeros([0, shape.Groups == 1 ? shape.Inputs : shape.Groups * PulseTrains.LinesOfGroup(shape.Inputs / shape.Groups)], device: x.device),
                zeros([0, shape.OutputsOfArray], device: x.device));
        var places = x.shape[2..].Aggregate(1L, (product, size) => product * size);
        var elementsOfSample = places * shape.OutputsOfArray;
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
        var rows = TransposedShape.RowsOf(x.narrow(0, first, count));
        if (shape.Groups > 1)
        {
            var inputs = shape.Inputs / shape.Groups;
            var padded = zeros(rows.shape[0], shape.Groups, PulseTrains.LinesOfGroup(inputs), device: x.device);
            padded.narrow(2, 0, inputs).copy_(rows.view(-1, shape.Groups, inputs));
            rows = padded.flatten(1);
        }
        var errors = shape.Unfold(delta.narrow(0, first, count), x.shape[2..]);
        return (rows.contiguous().MoveToOuterDisposeScope().DetachFromDisposeScope(), errors.contiguous().MoveToOuterDisposeScope().DetachFromDisposeScope());
    }
}
