using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>The checkpoints of llama2.c: seven whole numbers, then float32 tensors of a decoder of Llama's kind in a fixed order.</summary>
/// <remarks>
/// github.com/karpathy/llama2.c, version 0 of its format. Tensors are given Hugging Face's names, and queries and keys its order of features: there
/// those i
/// and i + d/2 of a head turn together, in the file neighbours do. A vocabulary below zero says that the last layer has weights of its own.
/// </remarks>
internal sealed class Llama2C : WeightFormat
{
    private const int HeaderBytes = 7 * sizeof(int);

    public override string Name => "llama2.c";

    public override int Order => 2; // any file of the right length could be one

    public override bool Recognizes(Stream stream, string path) =>
        path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) && Header.Read(stream) is { } header && header.Bytes == stream.Length;

    public override IWeightContent Open(Stream stream, string path) => new Content(stream,
        Header.Read(stream) ?? throw new FileFault("its first seven numbers are those of no network"));

    private sealed record Header(int Width, int Inner, int Layers, int Heads, int KeyValueHeads, int Vocabulary, int Positions, bool IsTied)
    {
        private const int Largest = 1 << 24;

        public static Header? Read(Stream stream)
        {
            Span<byte> bytes = stackalloc byte[HeaderBytes];
            if (stream.ReadAtLeast(bytes, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes)
                return null;
            var numbers = new int[7];
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * sizeof(int))..]);
            var isTied = numbers[5] > 0;
            numbers[5] = numbers[5] == int.MinValue ? 0 : Math.Abs(numbers[5]);
            return numbers.All(number => number is > 0 and < Largest) && numbers[0] % numbers[3] == 0 && numbers[3] % numbers[4] == 0
                && numbers[0] / numbers[3] % 2 == 0
                ? new(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6], isTied)
                : null;
        }

        public int HeadWidth => Width / Heads;

        public long OfKeys => (long)KeyValueHeads * HeadWidth;

        /// <summary>Tensors in the order of the file, the same one of all layers after each other.</summary>
        public IEnumerable<(string Name, bool IsOfLayers, long[] Shape, int Turned)> Parts =>
        [
            ("model.embed_tokens.weight", false, [Vocabulary, Width], 0),
            ("input_layernorm.weight", true, [Width], 0),
            ("self_attn.q_proj.weight", true, [Width, Width], Heads),
            ("self_attn.k_proj.weight", true, [OfKeys, Width], KeyValueHeads),
            ("self_attn.v_proj.weight", true, [OfKeys, Width], 0),
            ("self_attn.o_proj.weight", true, [Width, Width], 0),
            ("post_attention_layernorm.weight", true, [Width], 0),
            ("mlp.gate_proj.weight", true, [Inner, Width], 0),
            ("mlp.down_proj.weight", true, [Width, Inner], 0),
            ("mlp.up_proj.weight", true, [Inner, Width], 0),
            ("model.norm.weight", false, [Width], 0),
        ];

        /// <summary>Two tables of angles, which follow from the sizes.</summary>
        public long TableElements => (long)Positions * HeadWidth;

        public Int128 Bytes
        {
            get
            {
                var elements = (Int128)TableElements + (IsTied ? 0 : (Int128)Vocabulary * Width);
                foreach (var (_, isOfLayers, shape, _) in Parts)
                    elements += shape.Aggregate((Int128)1, (product, size) => product * size) * (isOfLayers ? Layers : 1);
                return HeaderBytes + sizeof(float) * elements;
            }
        }

        public string Config => new JsonObject
        {
            ["model_type"] = "llama",
            ["vocab_size"] = Vocabulary,
            ["hidden_size"] = Width,
            ["intermediate_size"] = Inner,
            ["num_hidden_layers"] = Layers,
            ["num_attention_heads"] = Heads,
            ["num_key_value_heads"] = KeyValueHeads,
            ["max_position_embeddings"] = Positions,
            ["rms_norm_eps"] = 1e-5, // which llama2.c has in its code
            ["rope_theta"] = 10_000.0,
            ["tie_word_embeddings"] = IsTied,
        }.ToJsonString();
    }

    private sealed class Content : IWeightContent
    {
        private readonly Stream stream;
        private readonly Dictionary<string, (long Offset, int Turned)> places = new(StringComparer.Ordinal);

        public Content(Stream stream, Header header)
        {
            this.stream = stream;
            var entries = new List<WeightEntry>();
            var offset = (long)HeaderBytes;
            foreach (var (name, isOfLayers, shape, turned) in header.Parts)
                for (var layer = 0; layer < (isOfLayers ? header.Layers : 1); layer++)
                    Add(isOfLayers ? string.Create(CultureInfo.InvariantCulture, $"model.layers.{layer}.{name}") : name, shape, turned);
            offset += sizeof(float) * header.TableElements;
            if (!header.IsTied)
                Add("lm_head.weight", [header.Vocabulary, header.Width], 0);
            (Entries, Metadata) = (entries, new Dictionary<string, string> { ["config"] = header.Config });

            void Add(string name, long[] shape, int turned)
            {
                var entry = new WeightEntry(name, shape, ScalarType.Float32);
                entries.Add(entry);
                places.Add(name, (offset, turned));
                offset += Elements.Bytes(entry);
            }
        }

        public IReadOnlyList<WeightEntry> Entries { get; }

        public IReadOnlyDictionary<string, string> Metadata { get; }

        public Tensor Read(WeightEntry entry)
        {
            var (offset, heads) = places[entry.Name];
            stream.Position = offset;
            var values = Elements.Read(stream, entry.Shape, entry.Type);
            if (heads == 0)
                return values;
            using var scope = NewDisposeScope();
            using (values)
                return values.view(heads, entry.Shape[0] / heads / 2, 2, entry.Shape[1]).transpose(1,
                    2).reshape([.. entry.Shape]).MoveToOuterDisposeScope();
        }

        public void Dispose() => stream.Dispose();
    }
}
