using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>The autograd node of a layer whose array is read at every place of a map, both ways: a convolution, or a transposed one.</summary>
internal sealed class KernelFunction : autograd.SingleTensorFunction<KernelFunction>
{
    public override string Name => nameof(KernelFunction);

    /// <summary>Runs a layer on its tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="read">How the array is read.</param>
    /// <param name="x">Inputs [samples, channels, …], or without samples.</param>
    /// <param name="weight">Kernels, as the layer keeps them.</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="training">Whether the layer is in training mode.</param>
    /// <returns>Outputs [samples, outputs, …].</returns>
    public static Tensor Apply(Tile tile, KernelRead read, Tensor x, Tensor weight, Tensor? bias, bool training)
    {
        tile.Check(x, weight);
        var isSingle = x.dim() == read.Dimensions + 1;
        if (isSingle)
            x = x.unsqueeze(0);
        try
        {
            var call = tile.Begin(weight, bias, training);
            var y = is_grad_enabled() ? apply(x, weight, bias!, tile, call, read) : read.Forward(tile, call, x, keepsGraph: false).Y;
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
        var (x, tile, call, read) = ((Tensor)vars[0], (Tile)vars[3], (TileCall)vars[4], (KernelRead)vars[5]);
        var (y, graph) = read.Forward(tile, call, x, keepsGraph: call.WantsWeight && !tile.LearnsByPulses);
        var kept = call.WantsUpdate && x.NumberOfElements > 0 ? x.detach().DetachFromDisposeScope() : null;
        ctx.save_data("read", new Read(tile, call, read, x.shape, kept, graph, x.requires_grad));
        if (!tile.LearnsByPulses)
            ctx.save_for_backward(read.Saves(call, x));
        // The same memory under a tensor that is no view: torch refuses to change a view from inside of a node in place, as an activation after it may.
        return empty(0, dtype: y.dtype, device: y.device).set_(y);
    }

    /// <remarks>An exception here would end the process, so the tile keeps it.</remarks>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var (tile, call, read, inputShape, kept, graph, wantsInput) = (Read)ctx.get_data("read");
        try
        {
            using var scope = NewDisposeScope();
            Tile.CheckOrder();
            var saved = tile.LearnsByPulses ? [] : ctx.get_saved_variables();
            var delta = grad_output.detach().contiguous();
            Tile.CheckGradient(delta);
            if (kept is { IsInvalid: true })
                throw new InvalidOperationException(Tile.ZeroedTooEarly);
            if (delta.NumberOfElements == 0)
                return [.. Nothing().Select(Out)]; // is learned from no samples
            var (gradient, weightGradient) = read.Backward(tile, call, delta, inputShape, wantsInput, kept ?? saved.FirstOrDefault(), graph);
            var biasGradient = call.WantsBias ? delta.flatten(2).sum([0L, 2L]) : null;
            if (kept is not null)
                tile.Keep(call, new KernelExample(kept, delta, read));
            return [Out(gradient), Out(call.AsParameter(weightGradient)), Out(biasGradient), null!, null!, null!];
        }
        catch (Exception exception)
        {
            tile.Keep(exception);
            return Nothing();
        }

        List<Tensor> Nothing()
        {
            var (ofWeight, ofBias) = call.NoGradients(tile.Outputs);
            return [call.NoGradient(wantsInput, inputShape), ofWeight, ofBias, null!, null!, null!];
        }

        static Tensor Out(Tensor? tensor) => tensor?.MoveToOuterDisposeScope()!;
    }

    /// <param name="Tile">The tile.</param>
    /// <param name="Call">The call.</param>
    /// <param name="How">How the array is read.</param>
    /// <param name="InputShape">Shape of the inputs.</param>
    /// <param name="X">The inputs, if backward is to keep them for an update.</param>
    /// <param name="Graph">Where a gradient of the weights comes from, if it comes from there.</param>
    /// <param name="WantsInput">Whether somebody asks for the gradient by the inputs.</param>
    private sealed record Read(Tile Tile, TileCall Call, KernelRead How, long[] InputShape, Tensor? X, WeightGraph? Graph, bool WantsInput);
}
