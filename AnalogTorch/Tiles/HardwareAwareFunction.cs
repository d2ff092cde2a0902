using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>The autograd node of a hardware-aware tile: reads of noisy weights both ways, and digital gradients of the parameters.</summary>
internal sealed class HardwareAwareFunction : autograd.SingleTensorFunction<HardwareAwareFunction>
{
    public override string Name => nameof(HardwareAwareFunction);

    /// <summary>Runs a layer on its tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="weight">The layer's weights.</param>
    /// <param name="bias">The layer's bias, or null.</param>
    /// <param name="training">Whether the weights are noisy.</param>
    /// <returns>Outputs [samples, outputs].</returns>
    public static Tensor Apply(HardwareAwareTile tile, Tensor x, Tensor weight, Tensor? bias, bool training) =>
        is_grad_enabled() ? apply(x, weight, bias!, tile, training) : tile.Forward(x, weight, bias, training).Y;

    /// <remarks>Torch itself keeps x and the weights: it counts writes to them, and refuses a backward through values that are gone.</remarks>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, weight, bias, tile) = ((Tensor)vars[0], (Tensor)vars[1], vars[2] as Tensor, (HardwareAwareTile)vars[3]);
        var (y, read) = tile.Forward(x, weight, bias, (bool)vars[4]);
        var call = new Call(tile, read, x.requires_grad, weight.requires_grad, bias is { requires_grad: true });
        ctx.save_data("call", call);
        ctx.save_for_backward([.. call.WantsWeight ? [x] : Array.Empty<Tensor>(), .. call.WantsInput ? [weight] : Array.Empty<Tensor>()]);
        return y;
    }

    /// <remarks>An exception here would end the process, so it is kept for the next forward.</remarks>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var call = (Call)ctx.get_data("call");
        try
        {
            var saved = ctx.get_saved_variables();
            var delta = grad_output.is_contiguous() ? grad_output.detach() : grad_output.detach().contiguous();
            var gradient = call.WantsInput ? call.Tile.Backward(delta, saved[^1].detach(), call.Read) : null;
            var weightGradient = call.WantsWeight ? delta.t().mm(saved[0].detach()) : null;
            var biasGradient = call.WantsBias ? delta.sum([0L]) : null;
            return [gradient!, weightGradient!, biasGradient!, null!, null!];
        }
        catch (Exception exception)
        {
            call.Tile.Keep(exception);
            return [null!, null!, null!, null!, null!];
        }
    }

    /// <param name="Tile">The tile.</param>
    /// <param name="Read">The number of the forward read.</param>
    /// <param name="WantsInput">Whether somebody asks for the gradient by the inputs.</param>
    /// <param name="WantsWeight">Whether somebody asks for the gradient by the weights.</param>
    /// <param name="WantsBias">Whether somebody asks for the gradient by the bias.</param>
    private sealed record Call(HardwareAwareTile Tile, long Read, bool WantsInput, bool WantsWeight, bool WantsBias);
}
