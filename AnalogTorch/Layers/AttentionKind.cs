using System.Runtime.CompilerServices;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using AttentionCall = (TorchSharp.torch.Tensor Query, TorchSharp.torch.Tensor Key, TorchSharp.torch.Tensor Value, TorchSharp.torch.Tensor? Padding,
    bool WantsWeights, TorchSharp.torch.Tensor? Mask);

namespace AnalogTorch.Layers;

/// <summary>Torch's multi-head attention, and its layers and stacks of transformers.</summary>
/// <remarks>
/// Projections and feed-forward layers are arrays; scores, softmax, what it mixes, norms and sums are digital. The three projections of an attention
/// of one
/// width are one array, whose input lines they share; inputs that are not the same tensor reach it after each other.
/// </remarks>
internal sealed class AttentionKind : LayerKind
{
    public override bool Handles(nn.Module module) =>
        module is MultiheadAttention or TransformerEncoderLayer or TransformerDecoderLayer or TransformerEncoder or TransformerDecoder or Transformer;

    public override IEnumerable<LayerMatrix> Matrices(nn.Module module)
    {
        var names = new AttentionNames(module);
        foreach (var name in names.Matrices)
        {
            var shares = name[^6..] is "q_proj" or "k_proj" or "v_proj" && names.Find($"{name[..^6]}in_proj_bias") is not null;
            var note = name.EndsWith("in_proj", StringComparison.Ordinal) || name.EndsWith("q_proj", StringComparison.Ordinal)
                ? "; scores and softmax are digital" : "";
            yield return new(name, names.Weight(name), names.Bias(name)) { Note = shares ? $"{note}; its bias is digital" : note };
        }
    }

    public override void Check(string name, nn.Module module, LayerHardware hardware)
    {
        var names = new AttentionNames(module);
        if (names.KeyWidth != names.ValueWidth)
            throw new ArgumentException($"{name} cannot be put on tiles: libtorch runs an attention only if keys and values are of one width, but kdim is {names.KeyWidth} and vdim {names.ValueWidth}; make them equal, or leave it digital with LayerRule.Digital(\"{name}\").");
        _ = AttentionSettings.Of(module);
    }

    public override long Reads(nn.Module module, LayerCall call) => Rows(call.Input);

    public override long Reads(nn.Module module, LayerCall call, int matrix)
    {
        var name = new AttentionNames(module).Matrices.ElementAt(matrix);
        var (own, remembered) = Shapes(module, call, name);
        if (name.EndsWith("multihead_attn.in_proj", StringComparison.Ordinal))
            return Rows(own) + Rows(remembered);
        return module is MultiheadAttention
            ? name switch
            {
                "in_proj" => Rows(call.Input) + call.Others.Sum(Rows),
                "k_proj" => Rows(remembered),
                "v_proj" => Rows(call.Others.Count > 0 ? call.Others[^1] : call.Input),
                _ => Rows(call.Input),
            }
            : Rows(own);
    }

    /// <summary>Errors pass every matrix but those that the inputs themselves reach, if nobody wants a gradient of these.</summary>
    public override long TransposedReads(nn.Module module, LayerCall call, int matrix)
    {
        if (!call.WantsGradient && !(is_grad_enabled() && module.parameters().Any(parameter => parameter.requires_grad)))
            return 0;
        var name = new AttentionNames(module).Matrices.ElementAt(matrix);
        var isProjection = name.EndsWith("in_proj", StringComparison.Ordinal) || name[^6..] is "q_proj" or "k_proj" or "v_proj";
        var prefix = name[..(name.LastIndexOf('.') + 1)];
        var isFirst = isProjection
            && (prefix is "" or "self_attn." or "layers.0.self_attn." or "encoder.layers.0.self_attn." or "decoder.layers.0.self_attn.");
        return call.WantsGradient || !isFirst ? Reads(module, call, matrix) : 0;
    }

    public override LayerWork Work(nn.Module module, LayerCall call)
    {
        var (names, settings) = (new AttentionNames(module), AttentionSettings.Of(module));
        var (products, elements, activations) = (0L, 0L, 0L);
        foreach (var name in names.Matrices)
        {
            var (own, remembered) = Shapes(module, call, name);
            if (name.EndsWith("out_proj", StringComparison.Ordinal))
            {
                var keys = module is MultiheadAttention || name.EndsWith("multihead_attn.out_proj", StringComparison.Ordinal) ? remembered[0]
                    : own[0];
                keys += (settings.HasZeroKey ? 1 : 0) + (names.Find("bias_k") is null ? 0 : 1);
                products += 2 * Rows(own) * keys * names.Width;
                elements += Rows(own) * keys * settings.Heads;
            }
            else if (name.EndsWith("linear1", StringComparison.Ordinal))
            {
                var inner = Rows(own) * names.Weight(name).shape[0];
                (elements, activations) = settings.IsRectified ? (elements, activations + inner) : (elements + inner, activations);
            }
            if (module is not MultiheadAttention && (name.EndsWith("out_proj", StringComparison.Ordinal) || name.EndsWith("linear2",
                StringComparison.Ordinal)))
                elements += 2 * Rows(own) * names.Width; // a sum and a norm
        }
        foreach (var norm in new[] { "norm.weight", "encoder.norm.weight", "decoder.norm.weight" })
            elements += names.Find(norm) is null ? 0 : Rows(Shapes(module, call, norm).Own) * names.Width;
        return new(products, elements, activations);
    }

    public override IEnumerable<(int Matrix, Tensor Rows)> Drives(nn.Module module, LayerInput input)
    {
        var names = new AttentionNames(module);
        var places = names.Matrices.Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        var driven = new List<(int, Tensor)>();
        var math = new AttentionMath(module, AttentionSettings.Of(module) with { Dropout = 0 }, (name, x) =>
        {
            driven.Add((places[name], x));
            return nn.functional.linear(x, names.Weight(name), names.Bias(name));
        });
        var given = input.Arguments;
        switch (module)
        {
            case MultiheadAttention:
                math.Attend("", given[0]!, given[1]!, given[2]!, given[3], false, given[4]);
                break;
            case TransformerEncoderLayer:
                math.EncoderLayer("", input.X, null, null);
                break;
            case TransformerEncoder:
                math.Encoder("", given[0]!, given[1], given[2]);
                break;
            case Transformer:
                math.Whole(input.X, input.Hidden!, null, null, new());
                break;
            case TransformerDecoderLayer:
                math.DecoderLayer("", given[0]!, given[1]!, new(given[2], given[3], given[4], given[5]));
                break;
            default:
                math.Decoder("", given[0]!, given[1]!, new(given[2], given[3], given[4], given[5]));
                break;
        }
        return driven;
    }

    public override IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        var run = new AttentionRun(module, tiles);
        return module switch
        {
            MultiheadAttention attention => StandInHooks.Install(attention, () => (run.StandIn(), run.StandInKey(), run.StandInValue()), run.Attend),
            TransformerEncoderLayer layer => Lead(layer, run.StandIn, run.EncodeLayer),
            TransformerEncoder stack => StandInHooks.Install(stack!, run.StandIn, run.Encode),
            Transformer whole => Lead(whole, () => (run.StandIn(), run.StandIn()), run.Translate),
            _ => StandInHooks.Install((nn.Module<Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?, Tensor>)module, run.StandIn, run.Decode),
        };
    }

    /// <summary>The vectors that a matrix is read with, and those that its layer looks back at.</summary>
    private static (long[] Own, long[] Remembered) Shapes(nn.Module module, LayerCall call, string name)
    {
        var second = call.Others.Count > 0 ? call.Others[0] : call.Input;
        return module is not Transformer ? (call.Input, second) : name.StartsWith("encoder.", StringComparison.Ordinal) ? (call.Input, call.Input)
            : (second, call.Input);
    }

    private static long Rows(long[] shape) => shape.Length < 2 ? 0 : shape[0] * shape[1];
}

/// <summary>Torch's attention, or a layer or stack around it, on its tiles.</summary>
internal sealed class AttentionRun
{
    private readonly nn.Module module;
    private readonly IReadOnlyList<Tile> tiles;
    private readonly AttentionNames names;
    private readonly AttentionMath math;

    /// <param name="module">The module.</param>
    /// <param name="tiles">One tile a matrix.</param>
    public AttentionRun(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        (this.module, this.tiles, names) = (module, tiles, new(module));
        var places = names.Matrices.Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        math = new(module, AttentionSettings.Of(module), (name, x) => LayerKind.Multiply(tiles[places[name]], x, names.Weight(name), names.Bias(name),
            module.training));
    }

    /// <summary>An input without positions; libtorch's attention cannot do without samples.</summary>
    public Tensor StandIn() => Without(names.Width);

    /// <summary>A key without positions.</summary>
    public Tensor StandInKey() => Without(names.KeyWidth);

    /// <summary>A value without positions.</summary>
    public Tensor StandInValue() => Without(names.ValueWidth);

    /// <summary>Runs an attention.</summary>
    public Tuple<Tensor, Tensor> Attend(AttentionCall call)
    {
        using var passage = tiles[0].Gate.Enter();
        Check(call.Query, "query", names.Width);
        Check(call.Key, "key", names.KeyWidth);
        Check(call.Value, "value", names.ValueWidth);
        CheckFit(call.Query, call.Key, "key", isAsLong: false);
        CheckFit(call.Key, call.Value, "value", isAsLong: true);
        CheckMask(call.Mask, call.Query, call.Key);
        CheckPadding(call.Padding, call.Key);
        using var scope = NewDisposeScope();
        var (y, weights) = math.Attend("", call.Query, call.Key, call.Value, call.Padding, call.WantsWeights, call.Mask);
        return Tuple.Create(y.MoveToOuterDisposeScope(), weights is null ? Undefined(0, register: true) : weights.MoveToOuterDisposeScope());
    }

    /// <summary>Runs a layer of an encoder.</summary>
    public Tensor EncodeLayer(Tensor x) => EncodeLayer(x, null, null);

    /// <summary>Runs a layer of an encoder with masks.</summary>
    public Tensor EncodeLayer(Tensor x, Tensor? mask, Tensor? padding) => Run(x, null, mask, padding, () => math.EncoderLayer("", x, mask, padding));

    /// <summary>Runs a stack of them.</summary>
    public Tensor Encode((Tensor X, Tensor? Mask, Tensor? Padding) call) =>
        Run(call.X, null, call.Mask, call.Padding, () => math.Encoder("", call.X, call.Mask, call.Padding));

    /// <summary>Runs a layer of a decoder, or a stack of them.</summary>
    public Tensor Decode((Tensor X, Tensor Memory, Tensor? Mask, Tensor? MemoryMask, Tensor? Padding, Tensor? MemoryPadding) call)
    {
        var masks = new DecoderMasks(call.Mask, call.MemoryMask, call.Padding, call.MemoryPadding);
        return Run(call.X, call.Memory, call.Mask, call.Padding, () =>
        {
            CheckMask(call.MemoryMask, call.X, call.Memory);
            CheckPadding(call.MemoryPadding, call.Memory);
            return module is TransformerDecoderLayer ? math.DecoderLayer("", call.X, call.Memory, masks) : math.Decoder("", call.X, call.Memory,
                masks);
        });
    }

    /// <summary>Runs encoder and decoder.</summary>
    public Tensor Translate(Tensor source, Tensor target) => Translate(source, target, null, null, new());

    /// <summary>Runs encoder and decoder with masks.</summary>
    public Tensor Translate(Tensor source, Tensor target, Tensor? mask, Tensor? padding, DecoderMasks masks) => Run(source, target, mask, padding,
        () =>
    {
        CheckMask(masks.Target, target, target);
        CheckPadding(masks.TargetPadding, target);
        CheckMask(masks.Memory, target, source);
        CheckPadding(masks.MemoryPadding, source);
        return math.Whole(source, target, mask, padding, masks);
    });

    private Tensor Run(Tensor x, Tensor? other, Tensor? mask, Tensor? padding, Func<Tensor> run)
    {
        using var passage = tiles[0].Gate.Enter();
        Check(x, "input", names.Width);
        if (other is not null)
        {
            Check(other, "second input", names.Width);
            CheckFit(x, other, "second input", isAsLong: false);
        }
        CheckMask(mask, x, x);
        CheckPadding(padding, x);
        using var scope = NewDisposeScope();
        return run().MoveToOuterDisposeScope();
    }

    private void Check(Tensor x, string what, long width)
    {
        if (x.dim() != 3 || x.shape[2] != width)
            throw new ArgumentException($"{tiles[0].Name}: the {what} must be [positions, samples, {width}], but is [{string.Join(", ", x.shape)}]; torch's attention has positions first.");
        tiles[0].Check(x, names.Weight(names.Matrices.First()));
    }

    private void CheckFit(Tensor x, Tensor other, string what, bool isAsLong)
    {
        if (other.shape[1] != x.shape[1] || (isAsLong && other.shape[0] != x.shape[0]))
            throw new ArgumentException($"{tiles[0].Name}: the {what} must be of {(isAsLong ? $"{x.shape[0]} positions and " : "")}{x.shape[1]} samples, but is [{string.Join(", ", other.shape)}].");
    }

    private void CheckMask(Tensor? mask, Tensor x, Tensor keys)
    {
        if (mask is null)
            return;
        long[] one = [x.shape[0], keys.shape[0]];
        if (!mask.shape.SequenceEqual(one) && !mask.shape.SequenceEqual([x.shape[1] * AttentionSettings.Of(module).Heads, .. one]))
            throw new ArgumentException($"{tiles[0].Name}: the mask must be [{one[0]}, {one[1]}], or that for every head of every sample, but is [{string.Join(", ", mask.shape)}].");
    }

    private void CheckPadding(Tensor? padding, Tensor keys)
    {
        if (padding is not null && (!padding.shape.SequenceEqual([keys.shape[1], keys.shape[0]])
            || padding.dtype is not (ScalarType.Bool or ScalarType.Byte)))
            throw new ArgumentException($"{tiles[0].Name}: the padding mask must be Bool [{keys.shape[1]}, {keys.shape[0]}], but is {padding.dtype} [{string.Join(", ", padding.shape)}].");
    }

    private Tensor Without(long width) => empty([0, 1, width], dtype: names.Weight(names.Matrices.First()).dtype, device: names.Device);

    /// <summary>A tensor that is none, as torch gives one in the place of weights that were not asked for.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern Tensor Undefined(nint handle, bool register);
}
