using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Networks;

/// <summary>Small networks as other people write them; the names say what is unusual about each.</summary>
/// <remarks>Nothing in them knows that it may run on tiles.</remarks>
internal static class OtherNetworks
{
    /// <summary>Inputs of one network.</summary>
    private const int Samples = 5, Time = 6, Features = 8;

    /// <summary>Each network, the shape of its inputs, and the layers of it that stay digital.</summary>
    public static IReadOnlyDictionary<string, (Func<Module<Tensor, Tensor>> Build, long[] Input, string[] Digital)> All { get; } =
        new Dictionary<string, (Func<Module<Tensor, Tensor>>, long[], string[])>
        {
            ["base-typed fields"] = (() => new BaseTypedFields(), [Samples, 3, 9, 9], []),
            ["list of blocks"] = (() => new ListOfBlocks(), [Samples, Features], []),
            ["last state of a GRU"] = (() => new LastStateOfGru(), [Samples, Time, Features], []),
            ["last cell of an LSTM"] = (() => new LastCellOfLstm(), [Samples, Time, Features], []),
            ["bidirectional tagger"] = (() => new Tagger(dropout: 0), [Time, Samples, Features], []),
            ["cells in a loop"] = (() => new CellsInALoop(), [Time, Samples, Features], []),
            ["functions on own parameters"] = (() => new OwnParameters(), [Samples, Features], [nameof(OwnParameters)]),
            ["siamese"] = (() => new Siamese(), [Samples, Features], []),
            ["unused head"] = (() => new UnusedHead(), [Samples, Features], []),
            ["transformer layer of linear layers"] = (() => new TransformerLayer(), [Samples, Time, Features], []),
            ["torch's own transformer layers"] = (() => new TorchsTransformer(), [Time, Samples, Features], []),
            ["activations in place"] = (() => new InPlace(), [Samples, 3, 9, 9], []),
            ["frozen body"] = (() => new FrozenBody(), [Samples, Features], []),
            ["autoencoder with transposed convolution"] = (() => new Autoencoder(), [Samples, 3, 8, 8], []),
            ["one-dimensional inputs"] = (() => new OneSample(), [Features], []),
            ["checkpointed halves, views and slices"] = (() => new Slices(), [Samples, 4, Features], []),
        };

    private sealed class BaseTypedFields : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> stem, pool, head;
        private readonly Module<Tensor, Tensor> activation = GELU();

        public BaseTypedFields() : base(nameof(BaseTypedFields))
        {
            stem = Conv2d(3, 6, 3, stride: 2, padding: 1, padding_mode: PaddingModes.Reflect);
            pool = AdaptiveAvgPool2d(2);
            head = Sequential(Flatten(), Linear(24, 7));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(pool.call(activation.call(stem.call(input))));
    }

    private sealed class ListOfBlocks : Module<Tensor, Tensor>
    {
        private readonly ModuleList<Module<Tensor, Tensor>> blocks = [];
        private readonly Linear final;

        public ListOfBlocks() : base(nameof(ListOfBlocks))
        {
            var width = Features;
            for (var i = 0; i < 3; i++)
            {
                blocks.append(new Block(width));
                width += 4;
            }
            final = Linear(width, 3);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            foreach (var block in blocks)
                input = block.call(input);
            return final.call(input);
        }

        private sealed class Block : Module<Tensor, Tensor>
        {
            private readonly Sequential body;
            private readonly Linear grow;

            public Block(int width) : base(nameof(Block))
            {
                body = Sequential(("norm", LayerNorm(width)), ("fc", Linear(width, width)), ("act", SiLU()));
                grow = Linear(width, 4, hasBias: false);
                RegisterComponents();
            }

            public override Tensor forward(Tensor input)
            {
                var sum = body.call(input) + input;
                return cat([sum, grow.call(sum)], -1);
            }
        }
    }

    private sealed class LastStateOfGru : Module<Tensor, Tensor>
    {
        private readonly GRU gru = GRU(Features, 6, numLayers: 2, batchFirst: true);
        private readonly Linear start = Linear(Features, 12);
        private readonly Linear head = Linear(6, 4);

        public LastStateOfGru() : base(nameof(LastStateOfGru)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var before = start.call(input[.., 0]).view(-1, 2, 6).transpose(0, 1).contiguous();
            var (_, last) = gru.call(input, before); // no output receives a gradient
            return head.call(last[^1]);
        }
    }

    private sealed class LastCellOfLstm : Module<Tensor, Tensor>
    {
        private readonly LSTM lstm = LSTM(Features, 6, batchFirst: true);
        private readonly Linear head = Linear(12, 4);

        public LastCellOfLstm() : base(nameof(LastCellOfLstm)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var (h, c) = (input.mean([1])[.., ..6].unsqueeze(0), input.amax([1])[.., 2..].unsqueeze(0));
            var (_, _, first) = lstm.call(input, (h, c)); // the cell alone receives a gradient
            var (_, again, _) = lstm.call(input.flip(1), (h, first)); // and here the last output alone
            return head.call(cat([first.squeeze(0), again.squeeze(0)], 1));
        }
    }

    public sealed class Tagger : Module<Tensor, Tensor>
    {
        private readonly LSTM lstm;
        private readonly Linear tags = Linear(14, 5);

        public Tagger(double dropout) : base(nameof(Tagger))
        {
            lstm = LSTM(Features, 7, numLayers: 2, dropout: dropout, bidirectional: true);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => functional.log_softmax(tags.call(lstm.call(input).Item1), -1);
    }

    private sealed class CellsInALoop : Module<Tensor, Tensor>
    {
        private readonly LSTMCell lstm = LSTMCell(Features, 6);
        private readonly GRUCell gru = GRUCell(6, 5);
        private readonly RNNCell rnn = RNNCell(5, 4, NonLinearities.ReLU);
        private readonly Linear head = Linear(4, 3);

        public CellsInALoop() : base(nameof(CellsInALoop)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var state = (zeros(Samples, 6), zeros(Samples, 6)); // TorchSharp's own LSTMCell cannot do without
            Tensor? gated = null, plain = null;
            var scores = new List<Tensor>();
            foreach (var x in input.unbind(0))
            {
                state = lstm.call(x, state);
                gated = gru.call(state.Item1, gated!);
                plain = rnn.call(gated, plain!);
                scores.Add(head.call(plain));
            }
            return stack(scores);
        }
    }

    private sealed class OwnParameters : Module<Tensor, Tensor>
    {
        private readonly Parameter kernel = Parameter(randn(4, Features) * 0.3f);
        private readonly Parameter scale = Parameter(ones(4));
        private readonly Linear head = Linear(4, 3);

        public OwnParameters() : base(nameof(OwnParameters)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(functional.tanh(functional.linear(input, kernel) * scale));
    }

    private sealed class Siamese : Module<Tensor, Tensor>
    {
        private readonly Sequential branch = Sequential(Linear(Features, 6), Tanh(), Linear(6, 6));

        public Siamese() : base(nameof(Siamese)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var (a, b) = (branch.call(input), branch.call(input.flip(0)));
            return (a - b).square();
        }
    }

    private sealed class UnusedHead : Module<Tensor, Tensor>
    {
        private readonly Linear body = Linear(Features, 6);
        private readonly Linear head = Linear(6, 3);
        private readonly Linear auxiliary = Linear(6, 2);

        public UnusedHead() : base(nameof(UnusedHead))
        {
            RegisterComponents();
            register_module("forgotten", Conv1d(2, 2, 3));
        }

        public override Tensor forward(Tensor input)
        {
            var x = body.call(input).tanh();
            _ = auxiliary.call(x); // scored by nobody
            return head.call(x);
        }
    }

    private sealed class TransformerLayer : Module<Tensor, Tensor>
    {
        private const int Heads = 2;
        private readonly Linear query = Linear(Features, Features), key = Linear(Features, Features, hasBias: false), value = Linear(Features, Features), output = Linear(Features, Features);
        private readonly LayerNorm first = LayerNorm(Features), second = LayerNorm(Features);
        private readonly Sequential feedForward = Sequential(Linear(Features, 16), GELU(), Dropout(0.1), Linear(16, Features));

        public TransformerLayer() : base(nameof(TransformerLayer)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var normed = first.call(input);
            Tensor Split(Tensor x) => x.view(x.shape[0], x.shape[1], Heads, Features / Heads).transpose(1, 2);
            var mixed = functional.scaled_dot_product_attention(Split(query.call(normed)), Split(key.call(normed)), Split(value.call(normed)));
            input = input + output.call(mixed.transpose(1, 2).reshape(input.shape));
            return input + feedForward.call(second.call(input));
        }
    }

    private sealed class TorchsTransformer : Module<Tensor, Tensor>
    {
        private readonly MultiheadAttention attention = MultiheadAttention(Features, 2);
        private readonly TransformerEncoderLayer layer = TransformerEncoderLayer(Features, 2, 16, dropout: 0);
        private readonly Linear head = Linear(Features, 3);

        public TorchsTransformer() : base(nameof(TorchsTransformer)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var (mixed, _) = attention.call(input, input, input, null!, true, null!);
            return head.call(layer.call(mixed + input, null!, null!));
        }
    }

    private sealed class InPlace : Module<Tensor, Tensor>
    {
        private readonly Sequential features = Sequential(Conv2d(3, 4, 3), BatchNorm2d(4), ReLU(inplace: true), Conv2d(4, 4, 3, groups: 2), LeakyReLU(inplace: true));
        private readonly Sequential head = Sequential(Flatten(), Linear(100, 8), ReLU(inplace: true), Linear(8, 3));

        public InPlace() : base(nameof(InPlace)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var x = features.call(input);
            var y = head.call(x);
            y.mul_(2);
            return y.MoveToOuterDisposeScope();
        }
    }

    private sealed class FrozenBody : Module<Tensor, Tensor>
    {
        private readonly Sequential body = Sequential(Linear(Features, 6), Tanh(), Linear(6, 6), Tanh());
        private readonly Linear head = Linear(6, 3);

        public FrozenBody() : base(nameof(FrozenBody))
        {
            RegisterComponents();
            foreach (var parameter in body.parameters())
                parameter.requires_grad = false;
        }

        public override Tensor forward(Tensor input) => head.call(body.call(input));
    }

    private sealed class Autoencoder : Module<Tensor, Tensor>
    {
        private readonly Conv2d down = Conv2d(3, 4, 3, stride: 2, padding: 1);
        private readonly ConvTranspose2d up = ConvTranspose2d(4, 3, 2, stride: 2);
        private readonly PReLU act = PReLU(4);

        public Autoencoder() : base(nameof(Autoencoder)) => RegisterComponents();

        public override Tensor forward(Tensor input) => up.call(act.call(down.call(input)));
    }

    private sealed class OneSample : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(Features, 6);
        private readonly Conv1d second = Conv1d(2, 4, 2);
        private readonly GRUCell cell = GRUCell(8, 3);

        public OneSample() : base(nameof(OneSample)) => RegisterComponents();

        public override Tensor forward(Tensor input) => cell.call(second.call(first.call(input).view(2, 3)).view(8), input[..3]);
    }
    private sealed class Slices : Module<Tensor, Tensor>
    {
        private readonly Linear wide = Linear(Features, 3 * Features);
        private readonly Linear narrow = Linear(Features / 2, 4);
        private readonly Conv1d along = Conv1d(4, 4, 3, padding: 2, dilation: 2, padding_mode: PaddingModes.Circular);

        public Slices() : base(nameof(Slices)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var parts = wide.call(input).chunk(3, -1);
            var gated = parts[0] * parts[1].sigmoid() + parts[2].detach();
            return narrow.call(along.call(gated)[.., .., ..4]).transpose(0, 1);
        }
    }
}
