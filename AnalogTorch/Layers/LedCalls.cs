using System.ComponentModel;
using TorchSharp.Modules;
using static TorchSharp.torch;
using PackedSequence = TorchSharp.torch.nn.utils.rnn.PackedSequence;

namespace AnalogTorch.Layers;

/// <summary>Where calls lead that the build led here, since torch runs no hooks for them. Not meant to be called by hand.</summary>
/// <remarks>
/// The build step of this library (<c>AnalogTorch/build</c>) puts these methods in the place of torch's of the same meaning: <c>forward</c> of torch's
/// modules, calls with packed sequences, <c>functional.linear</c> and convolutions, clipping, <c>zero_grad</c> and loading. Each does what torch does
/// where no tile is concerned.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static partial class LedCalls
{
    /// <summary><c>module.forward(input)</c></summary>
    public static TResult Forward<T, TResult>(nn.Module<T, TResult> module, T input) =>
        LayerPort.Of(module) is LayerPort<T, TResult> port ? port.Call(input, module.forward) : module.forward(input);

    /// <summary><c>module.forward(first, second)</c></summary>
    public static TResult Forward<T1, T2, TResult>(nn.Module<T1, T2, TResult> module, T1 first, T2 second) =>
        LayerPort.Of(module) is LayerPort<(T1, T2), TResult> port
            ? port.Call((first, second), call => module.forward(call.Item1, call.Item2))
            : module.forward(first, second);

    /// <summary><c>module.forward(first, second, third)</c></summary>
    public static TResult Forward<T1, T2, T3, TResult>(nn.Module<T1, T2, T3, TResult> module, T1 first, T2 second, T3 third) =>
        LayerPort.Of(module) is LayerPort<(T1, T2, T3), TResult> port
            ? port.Call((first, second, third), call => module.forward(call.Item1, call.Item2, call.Item3))
            : module.forward(first, second, third);

    /// <summary><c>module.forward(first, …, sixth)</c></summary>
    public static TResult Forward<T1, T2, T3, T4, T5, T6, TResult>(nn.Module<T1, T2, T3, T4, T5, T6, TResult> module, T1 first, T2 second, T3 third, T4 fourth, T5 fifth, T6 sixth) =>
        LayerPort.Of(module) is LayerPort<(T1, T2, T3, T4, T5, T6), TResult> port
            ? port.Call((first, second, third, fourth, fifth, sixth), call => module.forward(call.Item1, call.Item2, call.Item3, call.Item4, call.Item5, call.Item6))
            : module.forward(first, second, third, fourth, fifth, sixth);

    /// <summary><c>layer.call(src, src_mask)</c>, which torch runs no hooks for</summary>
    public static Tensor CallMasked(TransformerEncoderLayer layer, Tensor x, Tensor? mask) => CallMasked(layer, x, mask, null);

    /// <summary><c>layer.call(src, src_mask, src_key_padding_mask)</c>, which torch runs no hooks for</summary>
    public static Tensor CallMasked(TransformerEncoderLayer layer, Tensor x, Tensor? mask, Tensor? padding) =>
        LayerPort.Of(layer) is LayerPort<Tensor, Tensor> port
            ? port.Call(x, given => layer.call(given, mask!, padding!), port.Runner is AttentionRun run ? given => run.EncodeLayer(given, mask, padding) : null)
            : layer.call(x, mask!, padding!);

    /// <summary><c>transformer.call(src, tgt, src_mask, …)</c>, which torch runs no hooks for</summary>
    public static Tensor CallMasked(
        Transformer transformer, Tensor source, Tensor target, Tensor? sourceMask, Tensor? targetMask, Tensor? memoryMask, Tensor? sourcePadding, Tensor? targetPadding,
        Tensor? memoryPadding)
    {
        return LayerPort.Of(transformer) is LayerPort<(Tensor, Tensor), Tensor> port
            ? port.Call(
                (source, target), Digital,
                port.Runner is AttentionRun run ? call => run.Translate(call.Item1, call.Item2, sourceMask, sourcePadding, new(targetMask, memoryMask, targetPadding, memoryPadding)) : null)
            : Digital((source, target));

        Tensor Digital((Tensor Source, Tensor Target) call) =>
            transformer.call(call.Source, call.Target, sourceMask!, targetMask, memoryMask, sourcePadding, targetPadding, memoryPadding);
    }

    /// <summary><c>layer.forward(input, output_size)</c></summary>
    public static Tensor ForwardTo(ConvTranspose1d layer, Tensor input, long[]? outputSize) => ForwardTo((ConvolutionTranspose)layer, input, outputSize);

    /// <summary><c>layer.forward(input, output_size)</c></summary>
    public static Tensor ForwardTo(ConvTranspose2d layer, Tensor input, long[]? outputSize) => ForwardTo((ConvolutionTranspose)layer, input, outputSize);

    /// <summary><c>layer.forward(input, output_size)</c></summary>
    public static Tensor ForwardTo(ConvTranspose3d layer, Tensor input, long[]? outputSize) => ForwardTo((ConvolutionTranspose)layer, input, outputSize);

    /// <summary><c>layer.forward(input, output_size)</c></summary>
    public static Tensor ForwardTo(ConvolutionTranspose layer, Tensor input, long[]? outputSize) =>
        LayerPort.Of(layer) is LayerPort<Tensor, Tensor> port
            ? port.Call(input, x => layer.forward(x, outputSize), port.Runner is TransposedRun run ? x => run.Run(x, outputSize) : null)
            : layer.forward(input, outputSize);

    /// <summary><c>lstm.call(packed, state)</c></summary>
    public static (PackedSequence, Tensor, Tensor) CallPacked(LSTM layer, PackedSequence input, (Tensor, Tensor)? state)
    {
        if (RecurrentRun.Of(layer) is not { } run)
            return layer.call(input, state);
        var (y, hidden, cell) = run.RunPacked(input, state?.Item1, state?.Item2);
        return (y, hidden, cell!);
    }

    /// <summary><c>gru.call(packed, state)</c></summary>
    public static (PackedSequence, Tensor) CallPacked(GRU layer, PackedSequence input, Tensor? state) =>
        RecurrentRun.Of(layer) is { } run ? Packed(run, input, state) : layer.call(input, state!);

    /// <summary><c>rnn.call(packed, state)</c></summary>
    public static (PackedSequence, Tensor) CallPacked(RNN layer, PackedSequence input, Tensor? state) =>
        RecurrentRun.Of(layer) is { } run ? Packed(run, input, state) : layer.call(input, state!);

    /// <summary><c>nn.utils.clip_grad_norm_(parameters, max_norm, norm_type)</c></summary>
    public static double ClipGradNorm(IEnumerable<Parameter> parameters, double maxNorm, double normType) => GradientClipping.Norm(parameters, maxNorm, normType);

    /// <summary><c>nn.utils.clip_grad_value_(parameters, clip_value)</c></summary>
    public static void ClipGradValue(IEnumerable<Parameter> parameters, double clipValue) => GradientClipping.Value(parameters, clipValue);

    /// <summary><c>module.zero_grad(set_to_none)</c></summary>
    public static void ZeroGrad(nn.Module module, bool setToNone)
    {
        foreach (var parameter in module.parameters())
            if (AnalogLayer.TryGetTile(parameter, out var tile))
                tile.DropPending();
        module.zero_grad(setToNone);
    }

    /// <summary><c>module.load(location, strict, skip, loadedParameters)</c></summary>
    public static nn.Module Load(nn.Module module, string location, bool strict, IList<string>? skip, Dictionary<string, bool>? loadedParameters)
    {
        if (!module.AllTiles().Any() || !File.Exists(location))
            return module.load(location, strict, skip, loadedParameters);
        using var stream = File.OpenRead(location);
        return Load(module, stream, strict, skip, loadedParameters);
    }

    /// <summary><c>module.load(stream, strict, skip, loadedParameters)</c></summary>
    public static nn.Module Load(nn.Module module, Stream stream, bool strict, IList<string>? skip, Dictionary<string, bool>? loadedParameters)
    {
        if (!module.AllTiles().Any())
            return module.load(stream, strict, skip, loadedParameters);
        ModelLoading.Load(module, stream, strict, skip, loadedParameters);
        return module;
    }

    /// <summary><c>module.load(reader, strict, skip, loadedParameters)</c></summary>
    public static nn.Module Load(nn.Module module, BinaryReader reader, bool strict, IList<string>? skip, Dictionary<string, bool>? loadedParameters)
    {
        if (!module.AllTiles().Any())
            return module.load(reader, strict, skip, loadedParameters);
        ModelLoading.Load(module, reader.BaseStream, strict, skip, loadedParameters);
        return module;
    }

    /// <summary><c>module.load_state_dict(source, strict, skip)</c></summary>
    public static (IList<string>, IList<string>) LoadStateDict(nn.Module module, Dictionary<string, Tensor> source, bool strict, IList<string>? skip) =>
        module.AllTiles().Any() ? ModelLoading.LoadStateDict(module, source, strict, skip) : module.load_state_dict(source, strict, skip);

    private static (PackedSequence, Tensor) Packed(RecurrentRun run, PackedSequence input, Tensor? state)
    {
        var (y, hidden, _) = run.RunPacked(input, state, null);
        return (y, hidden);
    }

    private static InvalidOperationException Misused(TiledLayer layer, string function) =>
        new($"{layer.Tiles[0].Name}: its weights are on a tile, but {function} multiplies by them digitally, which bypasses it; call the layer itself, or leave it digital with LayerRule.Digital.");
}
