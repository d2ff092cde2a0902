using System.Text.Json;
using AnalogTorch.Models.Weights;

namespace AnalogTorch.Models.Networks;

/// <summary>The sizes of a decoder of Llama's kind, under Hugging Face's meaning of them.</summary>
public sealed record LlamaConfig
{
    private const string MetadataKey = "config", Architecture = "llama";

    /// <summary>Number of different tokens.</summary>
    public int Vocabulary { get; init; } = 512;

    /// <summary>Width of the vectors (hidden_size).</summary>
    public int Width { get; init; } = 64;

    /// <summary>Width inside of the feed-forward layers (intermediate_size).</summary>
    public int Inner { get; init; } = 172;

    /// <summary>Number of blocks.</summary>
    public int Layers { get; init; } = 5;

    /// <summary>Heads of the queries, which divide the width.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>Heads of the keys and values, which divide the heads; several heads of queries share one.</summary>
    public int KeyValueHeads { get; init; } = 4;

    /// <summary>Tokens that a text may have (max_position_embeddings).</summary>
    public int Positions { get; init; } = 512;

    /// <summary>What is added to the mean square before its root is taken (rms_norm_eps).</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Base of the wavelengths of the rotary positions (rope_theta).</summary>
    public double RotaryBase { get; init; } = 10_000;

    /// <summary>Whether the last layer's weight is the embedding itself (tie_word_embeddings).</summary>
    public bool IsTied { get; init; }

    /// <summary>Width of a head.</summary>
    public int HeadWidth => Width / Heads;

    /// <summary>The sizes of a model whose weights are in a file: from the file itself, or from <c>config.json</c> beside it.</summary>
    /// <param name="file">A .safetensors or an index of several, or llama2.c's .bin.</param>
    /// <exception cref="InvalidDataException">There is no config, or it is of another architecture, or of sizes that do not go together.</exception>
    public static LlamaConfig Of(WeightFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file.Path))!, "config.json");
        var (text, place) = file.Metadata.TryGetValue(MetadataKey, out var inside) ? (inside, file.Path)
            : File.Exists(beside) ? (File.ReadAllText(beside), beside)
            : throw new InvalidDataException($"{file.Path} does not say what network it is for, and there is no config.json beside it; get that from where the weights came.");
        return Parse(text, place);
    }

    /// <summary>Reads Hugging Face's <c>config.json</c>.</summary>
    /// <param name="json">Its text.</param>
    /// <param name="place">Where it is from, for messages.</param>
    /// <exception cref="InvalidDataException">It is of another architecture, or of sizes that do not go together.</exception>
    public static LlamaConfig Parse(string json, string place)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var type = root.TryGetProperty("model_type", out var given) ? given.GetString() : null;
            if (type != Architecture)
                throw new InvalidDataException($"{place} is for a network of type {FileFault.Quoted(type)}, but LlamaDecoder reads '{Architecture}' only.");
            foreach (var name in new[] { "attention_bias", "mlp_bias" })
                if (root.TryGetProperty(name, out var bias) && bias.ValueKind == JsonValueKind.True)
                    throw new InvalidDataException($"{place} asks for {name}, which LlamaDecoder has not.");
            if (root.TryGetProperty("rope_scaling", out var scaling) && scaling.ValueKind == JsonValueKind.Object)
                throw new InvalidDataException($"{place} asks for rope_scaling, which LlamaDecoder has not.");
            if (root.TryGetProperty("hidden_act", out var activation) && activation.GetString() != "silu")
                throw new InvalidDataException($"{place} asks for the activation {FileFault.Quoted(activation.GetString())}, but LlamaDecoder has 'silu' only.");
            var config = new LlamaConfig
            {
                Vocabulary = Number("vocab_size"),
                Width = Number("hidden_size"),
                Inner = Number("intermediate_size"),
                Layers = Number("num_hidden_layers"),
                Heads = Number("num_attention_heads"),
                KeyValueHeads = root.TryGetProperty("num_key_value_heads", out _) ? Number("num_key_value_heads") : Number("num_attention_heads"),
                Positions = Number("max_position_embeddings"),
                NormEpsilon = root.TryGetProperty("rms_norm_eps", out var epsilon) ? epsilon.GetDouble() : 1e-6, // Hugging Face's default
                RotaryBase = root.TryGetProperty("rope_theta", out var theta) ? theta.GetDouble() : 10_000,
                IsTied = root.TryGetProperty("tie_word_embeddings", out var tied) && tied.GetBoolean(),
            };
            if (root.TryGetProperty("head_dim", out var width) && width.ValueKind == JsonValueKind.Number && width.GetInt32() != config.HeadWidth)
                throw new InvalidDataException($"{place} asks for heads of width {width.GetInt32()}, but LlamaDecoder has heads that share the width among them, {config.HeadWidth}.");
            config.Check();
            return config;

            int Number(string name) => root.TryGetProperty(name, out var size) && size.TryGetInt32(out var number)
                ? number
                : throw new InvalidDataException($"{place} must say '{name}', a whole number, but does not; get it again from where it came.");
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"{place} cannot be the config of a network: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{place} is no config of a network; get it again from where it came.", exception);
        }
    }

    /// <summary>Refuses sizes that do not go together.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    public void Check()
    {
        if (new[] { Vocabulary, Width, Inner, Layers, Heads, KeyValueHeads, Positions }.Min() < 1)
            throw new ArgumentException($"LlamaConfig needs positive sizes, but has {this}.");
        if (Width % Heads != 0 || Heads % KeyValueHeads != 0 || HeadWidth % 2 != 0)
        {
            throw new ArgumentException(
                $"LlamaConfig needs heads that divide the width into even parts, and heads of keys that divide those of queries, but has {Width} in {Heads} heads, and {KeyValueHeads} of keys.");
        }
        if (!(NormEpsilon > 0 && RotaryBase > 0))
            throw new ArgumentException($"LlamaConfig.NormEpsilon and RotaryBase must be positive, but are {NormEpsilon} and {RotaryBase}.");
    }
}
