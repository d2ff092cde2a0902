using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>A block of an encoder: attention and a feed-forward layer, each added to what it reads, and normalised afterwards.</summary>
internal sealed class BertLayer : Module
{
    private readonly BertAttention attention;
    private readonly BertDense intermediate;
    private readonly BertOutput output;

    public BertLayer(BertConfig config) : base(nameof(BertLayer))
    {
        attention = new(config);
        intermediate = new(config.Width, config.Inner);
        output = new(config.Inner, config);
        RegisterComponents();
    }

    /// <summary>Vectors after the block [texts, tokens, width].</summary>
    public Tensor Run(Tensor x, Tensor? mask)
    {
        x = attention.Run(x, mask);
        return output.Run(functional.gelu(intermediate.call(x)), x);
    }

    private sealed class BertAttention : Module
    {
        private readonly BertSelfAttention self;
        private readonly BertOutput output;

        public BertAttention(BertConfig config) : base(nameof(BertAttention))
        {
            self = new(config);
            output = new(config.Width, config);
            RegisterComponents();
        }

        public Tensor Run(Tensor x, Tensor? mask) => output.Run(self.Run(x, mask), x);
    }

    private sealed class BertSelfAttention : Module
    {
        private readonly Linear query;
        private readonly Linear key;
        private readonly Linear value;
        private readonly int heads;

        public BertSelfAttention(BertConfig config) : base(nameof(BertSelfAttention))
        {
            heads = config.Heads;
            query = Linear(config.Width, config.Width);
            key = Linear(config.Width, config.Width);
            value = Linear(config.Width, config.Width);
            RegisterComponents();
        }

        public Tensor Run(Tensor x, Tensor? mask)
        {
            var mixed = functional.scaled_dot_product_attention(Split(query.call(x)), Split(key.call(x)), Split(value.call(x)), mask);
            return mixed.transpose(1, 2).reshape(x.shape);

            Tensor Split(Tensor y) => y.view(y.shape[0], y.shape[1], heads, y.shape[2] / heads).transpose(1, 2);
        }
    }

    /// <summary>A linear layer under the name that it has in BERT.</summary>
    private sealed class BertDense : Module<Tensor, Tensor>
    {
        private readonly Linear dense;

        public BertDense(long inputs, long outputs) : base(nameof(BertDense))
        {
            dense = Linear(inputs, outputs);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => dense.call(input);
    }

    /// <summary>A linear layer whose output is added to something, and normalised.</summary>
    private sealed class BertOutput : Module
    {
        private readonly Linear dense;
        private readonly LayerNorm LayerNorm;

        public BertOutput(long inputs, BertConfig config) : base(nameof(BertOutput))
        {
            dense = Linear(inputs, config.Width);
            LayerNorm = nn.LayerNorm(config.Width, config.NormEpsilon);
            RegisterComponents();
        }

        public Tensor Run(Tensor x, Tensor residual) => LayerNorm.call(dense.call(x) + residual);
    }
}
