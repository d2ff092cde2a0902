using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>One block of a transformer's encoder: self-attention and two linear layers, each added to its input and normalised afterwards.</summary>
/// <remarks>
/// A. Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762. Computes what PyTorch's TransformerEncoderLayer with
/// batch_first does, but all its matrices are Linear layers: PyTorch's <c>self_attn.in_proj_weight</c> and <c>self_attn.in_proj_bias</c> are
/// <c>self_attn.in_proj.weight</c> and <c>self_attn.in_proj.bias</c> here; all other names are the same. From and to float32 [batch, time, width].
/// </remarks>
public sealed class TransformerEncoderBlock : Module<Tensor, Tensor>, IArchitectures
{
    private readonly SelfAttention self_attn;
    private readonly Linear linear1;
    private readonly Linear linear2;
    private readonly LayerNorm norm1;
    private readonly LayerNorm norm2;
    private readonly Dropout drop;
    private readonly int width;

    /// <summary>The block with PyTorch's start values, drawn from a seed: Xavier uniform for the input projection, no bias in the attention.</summary>
    /// <param name="width">Features of a vector (d).</param>
    /// <param name="heads">Number of attention heads, which divides the width.</param>
    /// <param name="feedForward">Width between the two linear layers.</param>
    /// <param name="dropout">Share of values set to zero in training.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <exception cref="ArgumentException">A size is not positive, or the heads do not divide the width.</exception>
    public TransformerEncoderBlock(int width = 64, int heads = 4, int feedForward = 256, double dropout = 0.1, long seed = 0) : base(nameof(TransformerEncoderBlock))
    {
        if (width < 1 || heads < 1 || feedForward < 1 || width % heads != 0)
        {
            throw new ArgumentException(
                $"TransformerEncoderBlock needs positive widths and a number of heads that divides the width, but got {width}, {feedForward} and {heads} heads.");
        }
        this.width = width;
        self_attn = new(width, heads, dropout);
        linear1 = Linear(width, feedForward);
        linear2 = Linear(feedForward, width);
        norm1 = LayerNorm(width);
        norm2 = LayerNorm(width);
        drop = Dropout(dropout);
        RegisterComponents();
        StartValues.Draw(this, seed, parameter => parameter.Name switch
        {
            "self_attn.in_proj.weight" => Start.Uniform(Math.Sqrt(6.0 / (parameter.FanIn + parameter.FanOut))),
            "self_attn.in_proj.bias" or "self_attn.out_proj.bias" => Start.Constant(0),
            _ => null,
        });
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        new()
        {
            Name = "transformer_block",
            Source = "A. Vaswani et al., Attention is all you need, NeurIPS 2017, arXiv:1706.03762",
            Outputs = 64,
            Elements = 49_984,
            Inputs = [new FeatureInput(64, 16)],
            Build = (width, seed) => new TransformerEncoderBlock(width, seed: seed),
        },
    ];

    /// <summary>The vectors after the block, [batch, time, width].</summary>
    /// <exception cref="ArgumentException">The vectors are of another shape.</exception>
    public override Tensor forward(Tensor vectors)
    {
        if (vectors.dim() != 3 || vectors.shape[2] != width)
            throw new ArgumentException($"TransformerEncoderBlock takes vectors [batch, time, {width}], but got [{string.Join(", ", vectors.shape)}].", nameof(vectors));
        using var scope = NewDisposeScope();
        var x = norm1.call(vectors.add(drop.call(self_attn.call(vectors))));
        var y = linear2.call(drop.call(functional.relu(linear1.call(x))));
        return norm2.call(x.add(drop.call(y))).MoveToOuterDisposeScope();
    }

    /// <summary>softmax(Q·Kᵀ/√(width of a head))·V, head by head.</summary>
    private sealed class SelfAttention : Module<Tensor, Tensor>
    {
        private readonly Linear in_proj;
        private readonly Linear out_proj;
        private readonly Dropout drop;
        private readonly int heads;

        public SelfAttention(int width, int heads, double dropout) : base(nameof(SelfAttention))
        {
            this.heads = heads;
            in_proj = Linear(width, 3 * width);
            out_proj = Linear(width, width);
            drop = Dropout(dropout);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var (batch, time, width) = (x.shape[0], x.shape[1], x.shape[2]);
            // [3, batch, heads, time, width of a head]
            var parts = in_proj.call(x).view(batch, time, 3, heads, width / heads).permute(2, 0, 3, 1, 4);
            var (queries, keys, values) = (parts[0], parts[1], parts[2]);
            var weights = drop.call(queries.div(Math.Sqrt((double)width / heads)).matmul(keys.transpose(2, 3)).softmax(-1));
            var mixed = weights.matmul(values).transpose(1, 2).reshape(batch, time, width);
            return out_proj.call(mixed).MoveToOuterDisposeScope();
        }
    }
}
