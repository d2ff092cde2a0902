using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>The autograd node of a fully connected layer on a tile: analog reads both ways.</summary>
/// <remarks>Weights in memory have no gradient, since pulses move them; those of a hardware-aware tile have torch's.</remarks>
internal sealed class LinearFunction : autograd.SingleTensorFunction<LinearFunction>
{
    public override string Name => nameof(LinearFunction);

    /// <summary>Runs a layer on its tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="x">Inputs [..., inputs].</param>
    /// <param name="weight">The layer's weights as they are now.</param>
    /// <param name="bias">The layer's bias as it is now, or null.</param>
    /// <param name="training">Whether the layer is in training mode.</param>
    /// <returns>Outputs [..., outputs].</returns>
    public static Tensor Apply(Tile tile, Tensor x, Tensor weight, Tensor? bias, bool training)
    {
        if (x.dim() == 0 || x.size(-1) != tile.Inputs)
            throw new ArgumentException($"{tile.Name}: the input must be [..., {tile.Inputs}], but is [{string.Join(", ", x.shape)}]; its last dimension is the number of inputs.");
        tile.Check(x, weight);
        try
        {
            return x.dim() == 2
                ? Rows(x)
                : Rows(x.reshape(x.shape[..^1].Aggregate(1L, (rows, size) => rows * size), tile.Inputs)).reshape([.. x.shape[..^1], tile.Outputs]);
        }
        catch (NotFiniteNumberException)
        {
            throw tile.NotFinite();
        }

        Tensor Rows(Tensor rows)
        {
            var call = tile.Begin(weight, bias, training);
            return is_grad_enabled() ? apply(rows, weight, bias!, tile, call) : tile.ReadInputs(call).Forward(rows);
        }
    }

    /// <remarks>Torch itself keeps what its gradients need: it counts writes to them, and refuses a backward through values that are gone.</remarks>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, tile, call) = ((Tensor)vars[0], (Tile)vars[3], (TileCall)vars[4]);
        var kept = call.WantsUpdate ? (x.is_contiguous() ? x.detach() : x.detach().contiguous()).DetachFromDisposeScope() : null;
        ctx.save_data("read", new Read(tile, call, kept, x.requires_grad));
        if (!tile.LearnsByPulses)
            ctx.save_for_backward([.. call.WantsWeight ? [x] : Array.Empty<Tensor>(), .. x.requires_grad ? [call.Weight] : Array.Empty<Tensor>()]);
        return tile.ReadInputs(call).Forward(x);
    }

    /// <remarks>An exception here would end the process, so the tile keeps it.</remarks>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var (tile, call, x, wantsInput) = (Read)ctx.get_data("read");
        try
        {
            Tile.CheckOrder();
            var saved = tile.LearnsByPulses ? [] : ctx.get_saved_variables();
            var delta = grad_output.is_contiguous() ? grad_output.detach() : grad_output.detach().contiguous();
            Tile.CheckGradient(delta);
            var gradient = wantsInput ? tile.ReadOutputs(call).Backward(delta) : null;
            if (x is { IsInvalid: true })
                throw new InvalidOperationException(Tile.ZeroedTooEarly);
            var weightGradient = call.WantsWeight ? delta.t().mm(tile.LearnsByPulses ? x! : saved[0].detach()) : null;
            var biasGradient = call.WantsBias ? delta.sum([0L]) : null;
            if (x is not null)
                tile.Keep(call, new RowExample(x, delta));
            return [gradient!, call.AsParameter(weightGradient)!, biasGradient!, null!, null!];
        }
        catch (Exception exception)
        {
            tile.Keep(exception);
            var (ofWeight, ofBias) = call.NoGradients(tile.Outputs);
            return [call.NoGradient(wantsInput, grad_output.shape[0], tile.Inputs), ofWeight, ofBias, null!, null!];
        }
    }

    /// <param name="Tile">The tile.</param>
    /// <param name="Call">The call.</param>
    /// <param name="X">The inputs, if backward is to keep them for an update.</param>
    /// <param name="WantsInput">Whether somebody asks for the gradient by the inputs.</param>
    private sealed record Read(Tile Tile, TileCall Call, Tensor? X, bool WantsInput);
}
