using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>Rotary positions: each pair of features of a head turns by an angle that grows with the token's place.</summary>
/// <remarks>J. Su et al., "RoFormer", arXiv:2104.09864 (2021); features i and i + d/2 of a head turn together, as Hugging Face has them.</remarks>
/// <param name="Cosine">[tokens, width of a head].</param>
/// <param name="Sine">[tokens, width of a head].</param>
internal sealed record Rotation(Tensor Cosine, Tensor Sine)
{
    /// <summary>The angles of tokens one after another.</summary>
    public static Rotation Of(LlamaConfig config, long first, long count, Device device)
    {
        var half = config.HeadWidth / 2;
        var turns = arange(half, ScalarType.Float64, device).mul(-2.0 / config.HeadWidth * Math.Log(config.RotaryBase)).exp();
        var angles = arange(first, first + count, ScalarType.Float64, device).unsqueeze(1) * turns;
        angles = cat([angles, angles], 1);
        return new(angles.cos().to_type(ScalarType.Float32), angles.sin().to_type(ScalarType.Float32));
    }

    /// <summary>Turns queries or keys [texts, heads, tokens, width of a head].</summary>
    public Tensor Turn(Tensor x) => x * Cosine + cat([x.narrow(-1, x.shape[3] / 2, x.shape[3] / 2).neg(), x.narrow(-1, 0, x.shape[3] / 2)],
        -1) * Sine;
}

/// <summary>A block of a decoder: attention and a gated feed-forward layer, each behind a norm and added to what it reads.</summary>
internal sealed class LlamaBlock : Module
{
    private readonly LlamaAttention self_attn;
    private readonly LlamaFeedForward mlp;
    private readonly RmsNorm input_layernorm;
    private readonly RmsNorm post_attention_layernorm;

    public LlamaBlock(LlamaConfig config) : base(nameof(LlamaBlock))
    {
        self_attn = new(config);
        mlp = new(config);
        input_layernorm = new(config.Width, config.NormEpsilon);
        post_attention_layernorm = new(config.Width, config.NormEpsilon);
        RegisterComponents();
    }

    /// <summary>Vectors after the block [texts, tokens, width].</summary>
    public Tensor Run(Tensor x, Rotation rotation, KeyValueCache? cache, int layer)
    {
        x = x + self_attn.Run(input_layernorm.call(x), rotation, cache, layer);
        return x + mlp.call(post_attention_layernorm.call(x));
    }
}

/// <summary>Causal self-attention with rotary positions, in which several heads of queries share keys and values.</summary>
/// <remarks>J. Ainslie et al., "GQA: Training generalized multi-query transformer models", arXiv:2305.13245 (2023).</remarks>
internal sealed class LlamaAttention : Module
{
    private readonly Linear q_proj;
    private readonly Linear k_proj;
    private readonly Linear v_proj;
    private readonly Linear o_proj;
    private readonly LlamaConfig config;

    public LlamaAttention(LlamaConfig config) : base(nameof(LlamaAttention))
    {
        this.config = config;
        var ofKeys = config.KeyValueHeads * config.HeadWidth;
        q_proj = Linear(config.Width, config.Width, hasBias: false);
        k_proj = Linear(config.Width, ofKeys, hasBias: false);
        v_proj = Linear(config.Width, ofKeys, hasBias: false);
        o_proj = Linear(config.Width, config.Width, hasBias: false);
        RegisterComponents();
    }

    public Tensor Run(Tensor x, Rotation rotation, KeyValueCache? cache, int layer)
    {
        var (texts, tokens) = (x.shape[0], x.shape[1]);
        var (queries, keys, values) = (rotation.Turn(Split(q_proj.call(x), config.Heads)), rotation.Turn(Split(k_proj.call(x), config.KeyValueHeads)),
            Split(v_proj.call(x), config.KeyValueHeads));
        if (cache is not null)
            (keys, values) = cache.Append(layer, keys, values);
        var before = keys.shape[2] - tokens;
        var mask = before > 0 && tokens > 1 ? Later(tokens, before, x.device) : null;
        var mixed = functional.scaled_dot_product_attention(queries, Shared(keys), Shared(values), mask, 0, before == 0 && tokens > 1);
        return o_proj.call(mixed.transpose(1, 2).reshape(texts, tokens, config.Width));

        Tensor Split(Tensor y, int heads) => y.view(texts, tokens, heads, config.HeadWidth).transpose(1, 2);
    }

    /// <summary>Keys or values once for each head of queries.</summary>
    private Tensor Shared(Tensor x) => config.KeyValueHeads == config.Heads ? x : x.repeat_interleave(config.Heads / config.KeyValueHeads, 1);

    /// <summary>−∞ for tokens that come later [tokens, tokens before and these].</summary>
    private static Tensor Later(long tokens, long before, Device device) => full([tokens, before + tokens], float.NegativeInfinity,
        device: device).triu(before + 1);
}

/// <summary>down(silu(gate(x))·up(x)).</summary>
/// <remarks>N. Shazeer, "GLU variants improve transformer", arXiv:2002.05202 (2020).</remarks>
internal sealed class LlamaFeedForward : Module<Tensor, Tensor>
{
    private readonly Linear gate_proj;
    private readonly Linear up_proj;
    private readonly Linear down_proj;

    public LlamaFeedForward(LlamaConfig config) : base(nameof(LlamaFeedForward))
    {
        gate_proj = Linear(config.Width, config.Inner, hasBias: false);
        up_proj = Linear(config.Width, config.Inner, hasBias: false);
        down_proj = Linear(config.Inner, config.Width, hasBias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return down_proj.call(functional.silu(gate_proj.call(input)) * up_proj.call(input)).MoveToOuterDisposeScope();
    }
}
