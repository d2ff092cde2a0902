using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>The autograd node of a tile: analog reads both ways, and no gradient of the weights, which pulses move instead.</summary>
internal sealed class TileFunction : autograd.SingleTensorFunction<TileFunction>
{
    public override string Name => nameof(TileFunction);

    /// <summary>Runs a layer on its tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="weight">The layer's weights.</param>
    /// <param name="bias">The layer's bias, or null.</param>
    /// <param name="training">Whether backward is to keep the examples for an update.</param>
    /// <returns>Outputs [samples, outputs].</returns>
    public static Tensor Apply(AnalogTile tile, Tensor x, Tensor weight, Tensor? bias, bool training)
    {
        training &= weight.requires_grad;
        if (training && tile is { PendingUpdates: > 0, HasOptimizer: false })
            throw new InvalidOperationException($"{tile.Name}: its weights are analog, and no optimizer updates them; train with AnalogSGD(model.parameters(), ...) made after ToAnalog, or freeze the layer with requires_grad = false.");
        return is_grad_enabled() ? apply(x, weight, bias!, tile, training) : tile.Forward(x, weight, bias, training);
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, weight, tile) = ((Tensor)vars[0], (Tensor)vars[1], (AnalogTile)vars[3]);
        var kept = (bool)vars[4] ? (x.is_contiguous() ? x.detach() : x.detach().contiguous()).DetachFromDisposeScope() : null;
        ctx.save_data("call", new Call(tile, kept, weight, x.requires_grad, vars[2] is Tensor && tile.BiasCells is null));
        return tile.Forward(x, weight, vars[2] as Tensor, (bool)vars[4]);
    }

    /// <remarks>An exception here would end the process, so it is kept for the next optimizer step.</remarks>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var call = (Call)ctx.get_data("call");
        try
        {
            var delta = grad_output.is_contiguous() ? grad_output.detach() : grad_output.detach().contiguous();
            if (delta.device_type == DeviceType.CPU && !float.IsFinite(TrainSampler.AbsMax(delta)))
                throw new ArgumentException("the gradient must be finite, but holds NaN or infinity; lower the learning rate or check the loss");
            var gradient = call.WantsInput ? call.Tile.Backward(delta, call.Weight) : null;
            var biasGradient = call.WantsBias ? delta.sum([0L]) : null;
            if (call.X is { IsInvalid: true })
                throw new InvalidOperationException("backward ran again through a call whose update was already taken; run forward again after optimizer.step()");
            if (call.X is not null)
                call.Tile.Keep(call.X, delta);
            return [gradient!, null!, biasGradient!, null!, null!];
        }
        catch (Exception exception)
        {
            call.Tile.Keep(exception);
            return [null!, null!, null!, null!, null!];
        }
    }

    /// <param name="Tile">The tile.</param>
    /// <param name="X">The inputs, if backward is to keep them for an update.</param>
    /// <param name="Weight">The layer's weights.</param>
    /// <param name="WantsInput">Whether somebody asks for the gradient by the inputs.</param>
    /// <param name="WantsBias">Whether the bias is digital, and trained by its gradient.</param>
    private sealed record Call(AnalogTile Tile, Tensor? X, Tensor Weight, bool WantsInput, bool WantsBias);
}
