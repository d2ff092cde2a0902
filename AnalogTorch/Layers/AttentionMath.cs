using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>What torch's attention, and the layers and stacks around it, compute, whoever multiplies by their matrices.</summary>
/// <remarks>
/// A. Vaswani et al., "Attention is all you need", NeurIPS 2017, as libtorch has it: softmax(Q·Kᵀ/√(width of a head))·V head by head, with dropout on
/// the
/// weights; layers add and then normalise; positions come before samples. Random numbers of dropout are drawn in libtorch's order.
/// </remarks>
/// <param name="module">The module whose parameters these are.</param>
/// <param name="settings">What it does not tell.</param>
/// <param name="multiply">x·Wᵀ + b of a matrix by name.</param>
internal sealed class AttentionMath(nn.Module module, AttentionSettings settings, Func<string, Tensor, Tensor> multiply)
{
    private const double NormEpsilon = 1e-5; // libtorch's, which its layers do not let anyone change
    private readonly AttentionNames names = new(module);

    /// <summary>Runs a module without masks.</summary>
    /// <inheritdoc cref="AttentionSettings.Torch"/>
    public Tensor Run(Tensor first, Tensor second, Tensor third) => module switch
    {
        MultiheadAttention => Attend("", first, second, third, null, false, null).Output,
        TransformerEncoderLayer => EncoderLayer("", first, null, null),
        TransformerDecoderLayer => DecoderLayer("", first, second, new()),
        TransformerEncoder => Encoder("", first, null, null),
        TransformerDecoder => Decoder("", first, second, new()),
        _ => Whole(first, second, null, null, new()),
    };

    /// <summary>Multi-head attention.</summary>
    /// <param name="prefix">What the names of its parameters begin with.</param>
    /// <param name="query">[positions, samples, width].</param>
    /// <param name="key">[other positions, samples, width of keys].</param>
    /// <param name="value">[other positions, samples, width of values].</param>
    /// <param name="padding">Keys that are left out [samples, other positions]; null for none.</param>
    /// <param name="wantsWeights">Whether the weights are asked for.</param>
    /// <param name="mask">What is left out of, or added to, the scores [positions, other positions], or that for every head of every sample; null for
    /// nothing.</param>
    /// <returns>[positions, samples, width], and the mean over heads of the weights [samples, positions, other positions] if they are asked
    /// for.</returns>
    public (Tensor Output, Tensor? Weights) Attend(string prefix, Tensor query, Tensor key, Tensor value, Tensor? padding, bool wantsWeights,
        Tensor? mask)
    {
        var (time, samples, width, heads) = (query.shape[0], query.shape[1], names.Width, settings.Heads);
        var (q, k, v) = Project(prefix, query, key, value);
        q = q * (1 / Math.Sqrt((double)width / heads));
        if (names.Find($"{prefix}bias_k") is { } biasOfKeys)
        {
            (k, v) = (cat([k, biasOfKeys.repeat(1, samples, 1)]), cat([v, names.Find($"{prefix}bias_v")!.repeat(1, samples, 1)]));
            (mask, padding) = (WithOneMore(mask), WithOneMore(padding));
        }
        (q, k, v) = (ByHead(q), ByHead(k), ByHead(v));
        if (settings.HasZeroKey)
        {
            var none = zeros([k.shape[0], 1, k.shape[2]], device: k.device);
            (k, v, mask, padding) = (cat([k, none], 1), cat([v, none], 1), WithOneMore(mask), WithOneMore(padding));
        }
        var scores = Masked(q.bmm(k.transpose(1, 2)), padding, mask, samples);
        var weights = Dropped(scores.softmax(-1));
        var mixed = weights.bmm(v).transpose(0, 1).contiguous().view(time, samples, width);
        var y = multiply($"{prefix}out_proj", mixed);
        return (y, wantsWeights ? weights.view(samples, heads, time, k.shape[1]).sum(1L) / heads : null);

        Tensor ByHead(Tensor x) => x.contiguous().view(x.shape[0], samples * heads, width / heads).transpose(0, 1);
    }

    /// <summary>A layer of an encoder.</summary>
    public Tensor EncoderLayer(string prefix, Tensor x, Tensor? mask, Tensor? padding)
    {
        var mixed = Attend($"{prefix}self_attn.", x, x, x, padding, false, mask).Output;
        x = Norm($"{prefix}norm1", x + Dropped(mixed));
        return Norm($"{prefix}norm2", x + FeedForward(prefix, x));
    }

    /// <summary>A layer of a decoder.</summary>
    public Tensor DecoderLayer(string prefix, Tensor x, Tensor memory, DecoderMasks masks)
    {
        var mixed = Attend($"{prefix}self_attn.", x, x, x, masks.TargetPadding, false, masks.Target).Output;
        x = Norm($"{prefix}norm1", x + Dropped(mixed));
        mixed = Attend($"{prefix}multihead_attn.", x, memory, memory, masks.MemoryPadding, false, masks.Memory).Output;
        x = Norm($"{prefix}norm2", x + Dropped(mixed));
        return Norm($"{prefix}norm3", x + FeedForward(prefix, x));
    }

    /// <summary>Layers of an encoder after each other.</summary>
    public Tensor Encoder(string prefix, Tensor x, Tensor? mask, Tensor? padding)
    {
        for (var layer = 0; layer < names.LayersOf(prefix); layer++)
            x = EncoderLayer($"{prefix}layers.{layer}.", x, mask, padding);
        return names.Find($"{prefix}norm.weight") is null ? x : Norm($"{prefix}norm", x);
    }

    /// <summary>Layers of a decoder after each other.</summary>
    public Tensor Decoder(string prefix, Tensor x, Tensor memory, DecoderMasks masks)
    {
        for (var layer = 0; layer < names.LayersOf(prefix); layer++)
            x = DecoderLayer($"{prefix}layers.{layer}.", x, memory, masks);
        return names.Find($"{prefix}norm.weight") is null ? x : Norm($"{prefix}norm", x);
    }

    /// <summary>An encoder, and a decoder that remembers what it gives.</summary>
    public Tensor Whole(Tensor source, Tensor target, Tensor? mask, Tensor? padding, DecoderMasks masks) =>
        Decoder("decoder.", target, Encoder("encoder.", source, mask, padding), masks);

    private Tensor FeedForward(string prefix, Tensor x)
    {
        var inner = multiply($"{prefix}linear1", x);
        inner = settings.IsRectified ? inner.relu() : nn.functional.gelu(inner);
        return Dropped(multiply($"{prefix}linear2", Dropped(inner)));
    }

    /// <summary>Queries, keys and values; what is the same tensor goes into the one array of all three once.</summary>
    private (Tensor Query, Tensor Key, Tensor Value) Project(string prefix, Tensor query, Tensor key, Tensor value)
    {
        var width = names.Width;
        if (names.Find($"{prefix}q_proj_weight") is not null)
        {
            var bias = names.Find($"{prefix}in_proj_bias");
            return (Separate("q", query, 0), Separate("k", key, 1), Separate("v", value, 2));

            Tensor Separate(string role, Tensor x, int place)
            {
                var y = multiply($"{prefix}{role}_proj", x);
                return bias is null ? y : y + bias.narrow(0, place * width, width);
            }
        }
        var matrix = $"{prefix}in_proj";
        if (IsSame(query, key) && IsSame(key, value))
            return Parts(multiply(matrix, query));
        Tensor[] inputs = IsSame(key, value) ? [query, key] : [query, key, value];
        var rows = multiply(matrix, cat([.. inputs.Select(x => x.reshape(-1, width))]));
        var counts = inputs.Select(x => x.shape[0] * x.shape[1]).ToArray();
        var first = rows.narrow(0, 0, counts[0]).narrow(1, 0, width).view(query.shape);
        var (second, third) = (rows.narrow(0, counts[0], counts[1]), rows.narrow(0, rows.shape[0] - counts[^1], counts[^1]));
        return (first, second.narrow(1, width, width).reshape(key.shape), third.narrow(1, 2 * width, width).reshape(value.shape));

        static (Tensor, Tensor, Tensor) Parts(Tensor y) => y.chunk(3, -1) is [var q, var k, var v] ? (q, k, v)
            : throw new InvalidOperationException("An attention's projection gives three parts.");
    }

    private static Tensor Masked(Tensor scores, Tensor? padding, Tensor? mask, long samples)
    {
        if (mask is not null)
        {
            var ofHeads = mask.dim() == 2 ? mask.unsqueeze(0) : mask;
            scores = IsSwitch(ofHeads) ? scores.masked_fill(AsSwitch(ofHeads), double.NegativeInfinity) : scores + ofHeads;
        }
        if (padding is null)
            return scores;
        var (heads, time, keys) = (scores.shape[0] / Math.Max(samples, 1), scores.shape[1], scores.shape[2]);
        var bySample = scores.view(samples, heads, time, keys);
        return bySample.masked_fill(AsSwitch(padding).unsqueeze(1).unsqueeze(2), double.NegativeInfinity).view(samples * heads, time, keys);
    }

    private static bool IsSwitch(Tensor mask) => mask.dtype is ScalarType.Bool or ScalarType.Byte;

    private static Tensor AsSwitch(Tensor mask) => mask.dtype == ScalarType.Byte ? mask.to_type(ScalarType.Bool) : mask;

    /// <summary>A mask that leaves one more key in.</summary>
    private static Tensor? WithOneMore(Tensor? mask) => mask is null ? null : cat([mask, zeros([.. mask.shape[..^1], 1], mask.dtype, mask.device)],
        -1);

    private Tensor Dropped(Tensor x) => settings.Dropout > 0 && module.training ? nn.functional.dropout(x, settings.Dropout, training: true) : x;

    private Tensor Norm(string name, Tensor x) => nn.functional.layer_norm(x, [x.shape[^1]], names.Find($"{name}.weight"), names.Find($"{name}.bias"),
        NormEpsilon);

    /// <summary>Whether two inputs are one: the same memory, read in the same order.</summary>
    internal static bool IsSame(Tensor a, Tensor b) =>
        ReferenceEquals(a, b) || a.Handle == b.Handle
        || (a.NumberOfElements > 0 && AnalogLayer.AddressOf(a) is var address && address != 0 && address == AnalogLayer.AddressOf(b)
            && a.shape.SequenceEqual(b.shape) && a.stride().SequenceEqual(b.stride()));
}

/// <summary>What a decoder leaves out of its attentions.</summary>
/// <param name="Target">Of the scores of its own positions; null for nothing.</param>
/// <param name="Memory">Of the scores of what it remembers; null for nothing.</param>
/// <param name="TargetPadding">Of its own positions, as keys; null for none.</param>
/// <param name="MemoryPadding">Of the positions of what it remembers; null for none.</param>
internal readonly record struct DecoderMasks(Tensor? Target, Tensor? Memory, Tensor? TargetPadding, Tensor? MemoryPadding);
