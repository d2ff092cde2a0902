using System.Text.Json;
using AnalogTorch.Models.Weights;

namespace AnalogTorch.Models.Networks;

/// <summary>The sizes of an encoder of BERT's kind.</summary>
public sealed record BertConfig
{
    /// <summary>Number of different tokens.</summary>
    public int Vocabulary { get; init; } = 30_522;

    /// <summary>Width of the vectors (hidden_size).</summary>
    public int Width { get; init; } = 384;

    /// <summary>Width inside of the feed-forward layers (intermediate_size).</summary>
    public int Inner { get; init; } = 1536;

    /// <summary>Number of blocks.</summary>
    public int Layers { get; init; } = 6;

    /// <summary>Heads, which divide the width.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Tokens that a text may have (max_position_embeddings).</summary>
    public int Positions { get; init; } = 512;

    /// <summary>Kinds of tokens, such as those of a first and a second sentence (type_vocab_size).</summary>
    public int Kinds { get; init; } = 2;

    /// <summary>What is added to a variance before its root is taken (layer_norm_eps).</summary>
    public double NormEpsilon { get; init; } = 1e-12;

    /// <summary>The sizes of sentence-transformers/all-MiniLM-L6-v2.</summary>
    public static BertConfig MiniLm { get; } = new();

    /// <summary>Reads Hugging Face's <c>config.json</c>.</summary>
    /// <param name="json">Its text.</param>
    /// <param name="place">Where it is from, for messages.</param>
    /// <exception cref="InvalidDataException">It is of another architecture, or of sizes that do not go together.</exception>
    public static BertConfig Parse(string json, string place)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var type = root.TryGetProperty("model_type", out var given) ? given.GetString() : null;
            if (type != "bert")
                throw new InvalidDataException($"{place} is for a network of type {FileFault.Quoted(type)}, but BertEncoder reads 'bert' only.");
            if (root.TryGetProperty("hidden_act", out var activation) && activation.GetString() != "gelu")
                throw new InvalidDataException($"{place} asks for the activation {FileFault.Quoted(activation.GetString())}, but BertEncoder has 'gelu' only.");
            if (root.TryGetProperty("position_embedding_type", out var positions) && positions.GetString() != "absolute")
                throw new InvalidDataException($"{place} asks for positions of type {FileFault.Quoted(positions.GetString())}, but BertEncoder has 'absolute' only.");
            var config = new BertConfig
            {
                Vocabulary = Number("vocab_size"),
                Width = Number("hidden_size"),
                Inner = Number("intermediate_size"),
                Layers = Number("num_hidden_layers"),
                Heads = Number("num_attention_heads"),
                Positions = Number("max_position_embeddings"),
                Kinds = Number("type_vocab_size"),
                NormEpsilon = root.TryGetProperty("layer_norm_eps", out var epsilon) ? epsilon.GetDouble() : 1e-12,
            };
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
        if (new[] { Vocabulary, Width, Inner, Layers, Heads, Positions, Kinds }.Min() < 1)
            throw new ArgumentException($"BertConfig needs positive sizes, but has {this}.");
        if (Width % Heads != 0)
            throw new ArgumentException($"BertConfig.Heads must divide the width, but are {Heads} for a width of {Width}.");
        if (!(NormEpsilon > 0))
            throw new ArgumentException($"BertConfig.NormEpsilon must be positive, but is {NormEpsilon}.");
    }
}
