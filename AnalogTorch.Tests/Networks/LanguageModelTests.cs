using System.Text.Json;
using AnalogTorch.Conductance;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Text;
using AnalogTorch.Models.Weights;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Networks;

/// <summary>Decoders and encoders: published weights and texts, caches, files that do not fit.</summary>
public class LanguageModelTests
{
    private static readonly LlamaConfig Small = new()
    {
        Vocabulary = 40,
        Width = 24,
        Inner = 20,
        Layers = 2,
        Heads = 6,
        KeyValueHeads = 2,
        Positions = 16
    };

    private static string Data(string part, string file) => Path.Combine(Repository.DataFolder!, part, file);

    [RealDataTheory]
    [InlineData("stories260k.safetensors")]
    [InlineData("stories260k.bin")]
    public void StoriesAreThePublishedOnes(string file)
    {
        using var scope = NewDisposeScope();
        using var reference = JsonDocument.Parse(File.ReadAllText(Data("weights", "stories260k.reference.json")));
        long[] expected = [.. reference.RootElement.GetProperty("greedy").GetProperty("ids").EnumerateArray().Select(id => id.GetInt64())];
        float[] first = [.. reference.RootElement.GetProperty("firstStepLogits").EnumerateArray().Select(score => score.GetSingle())];
        using var model = LlamaDecoder.Load(Data("weights", file));
        using (no_grad())
            Assert.True((model.call(tensor(new[,] { { 1L } })).flatten() - tensor(first)).abs().max().item<float>() < 2e-5);
        Assert.Equal(expected, Written());
        using var chip = model.Program(new InferenceConfig { Memory = new IdealMemory() });
        Assert.Equal(36, chip.Tiles.Count);
        Assert.Equal(expected, Written());

        long[] Written() => [.. model.Generate(tensor(new[,] { { 1L } }), 60).flatten().data<long>()];
    }

    [RealDataFact]
    public void StoriesForetellTheirOwnTextAsPublished()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = LlamaDecoder.Load(Data("weights", "stories260k.bin"));
        using var file = JsonDocument.Parse(File.ReadAllText(Data("text", "stories260k-selfgen.json")));
        var rows = file.RootElement.GetProperty("tokens").EnumerateArray().Skip(300).SelectMany(row => row.EnumerateArray().Select(id =>
            id.GetInt64())).ToArray();
        var sum = 0.0;
        foreach (var part in tensor(rows).view(100, 201).split(25))
        {
            using var inner = NewDisposeScope();
            sum += nn.functional.cross_entropy(model.call(part[.., ..^1]).flatten(0, 1), part[.., 1..].flatten(),
                reduction: nn.Reduction.Sum).item<float>();
        }
        Assert.Equal(1.2385, sum / 20_000, 0.0005);
    }

    [RealDataFact]
    public void StoriesAreTokenizedAsPublished()
    {
        using var reference = JsonDocument.Parse(File.ReadAllText(Data("weights", "stories260k.reference.json")));
        using var file = WeightFile.Open(Data("weights", "stories260k.bin"));
        var tokenizer = TokenFiles.Llama(Data("weights", "tok512.bin"), LlamaConfig.Of(file));
        foreach (var text in reference.RootElement.GetProperty("encode").EnumerateArray())
            Assert.Equal(text.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()),
                tokenizer.EncodeToIds(text.GetProperty("text").GetString()!));
        Assert.Contains("vocabulary is 7", Assert.Throws<InvalidDataException>(() => TokenFiles.Llama(Data("weights", "tok512.bin"),
            new() { Vocabulary = 7 })).Message);
        Assert.Contains("is no vocabulary", Assert.Throws<InvalidDataException>(() => TokenFiles.Llama(Data("weights", "stories260k.bin"),
            Small)).Message);
    }

    [RealDataFact]
    public void SentencesHaveThePublishedVectors()
    {
        using var scope = NewDisposeScope();
        using var reference = JsonDocument.Parse(File.ReadAllText(Data("weights", "all-minilm-l6-v2.reference.json")));
        using var encoder = SentenceEncoder.Load(Data("weights", "all-minilm-l6-v2.safetensors"), Data("weights", "all-minilm-l6-v2.vocab.txt"),
            BertConfig.MiniLm);
        var all = reference.RootElement.GetProperty("sentences").EnumerateArray().ToArray();
        // These tests run without ICU, where letters with accents are refused.
        bool CanBeRead(JsonElement sentence) => "\u00e9".Normalize(System.Text.NormalizationForm.FormD).Length == 2 || !sentence.GetProperty("text").GetString()!.Any(sign => sign > '\u007f' && char.IsLetter(sign));
        foreach (var refused in all.Where(sentence => !CanBeRead(sentence)))
            Assert.Contains("InvariantGlobalization", Assert.Throws<NotSupportedException>(() => encoder.Tokens(refused.GetProperty("text").GetString()!)).Message, StringComparison.Ordinal);
        var sentences = all.Where(CanBeRead).ToArray();
        Assert.InRange(sentences.Length, 6, all.Length);
        var vectors = encoder.Encode([.. sentences.Select(sentence => sentence.GetProperty("text").GetString()!)]);
        for (var i = 0; i < sentences.Length; i++)
        {
            Assert.Equal(sentences[i].GetProperty("ids").EnumerateArray().Select(id => id.GetInt64()),
                encoder.Tokens(sentences[i].GetProperty("text").GetString()!));
            float[] expected = [.. sentences[i].GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle())];
            Assert.True((vectors[i] - tensor(expected)).abs().max().item<float>() < 3e-4);
        }
    }

    /// <summary>What is read token by token, or in parts, is what is read at once.</summary>
    [Fact]
    public void ACacheChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new LlamaDecoder(Small, 1);
        foreach (var parameter in model.parameters())
            parameter.mul_(8f); // so that tokens tell
        var tokens = arange(22).view(2, 11) * 7 % 40;
        var whole = model.call(tokens);
        using var cache = model.NewCache();
        var parts = new[] { (0, 4), (4, 5), (9, 1), (10, 1) }.Select(part => model.Continue(tokens.narrow(1, part.Item1, part.Item2),
            cache)).ToArray();
        Assert.True((cat(parts, 1) - whole).abs().max().item<float>() < 1e-4 * whole.abs().max().item<float>());
        // What comes later is not seen.
        Assert.True((model.call(tokens[.., ..6]) - whole[.., ..6]).abs().max().item<float>() < 1e-4 * whole.abs().max().item<float>());
        Assert.Contains("positions for 16 tokens", Assert.Throws<ArgumentException>(() => model.Continue(tokens, cache)).Message);
        Assert.Contains("as many texts", Assert.Throws<ArgumentException>(() => model.Continue(tokens[..1, ..1], cache)).Message);
    }

    [Fact]
    public void TheSameSeedWritesTheSame()
    {
        using var scope = NewDisposeScope();
        using var model = new LlamaDecoder(Small, 1);
        var prompt = tensor(new[,] { { 1L }, { 2L } });
        manual_seed(1);
        var first = model.Generate(prompt, 9, temperature: 2, seed: 5);
        manual_seed(2);
        Assert.True(first.Equals(model.Generate(prompt, 9, temperature: 2, seed: 5)));
        Assert.False(first.Equals(model.Generate(prompt, 9, temperature: 2, seed: 6)));
    }

    /// <summary>A tied decoder in shards of half precision, with config.json beside the index, is the same decoder.</summary>
    [Theory]
    [InlineData(ScalarType.BFloat16, 1e-2)]
    [InlineData(ScalarType.Float16, 2e-3)]
    public void ShardsOfHalfPrecisionLoad(ScalarType type, double close)
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new LlamaDecoder(Small with { IsTied = true }, 3);
        var state = model.state_dict().Where(entry => entry.Key != "lm_head.weight").ToArray();
        var map = new Dictionary<string, string>();
        foreach (var (number, part) in state.Chunk(8).Index())
        {
            using var shard = new Shard(part.Select(entry => (entry.Key, entry.Value.to_type(type))));
            shard.SaveWeights(Path.Combine(folder.Path, $"model-{number}.safetensors"));
            foreach (var entry in part)
                map[entry.Key] = $"model-{number}.safetensors";
        }
        File.WriteAllText(Path.Combine(folder.Path, "model.safetensors.index.json"), JsonSerializer.Serialize(new { weight_map = map }));
        Assert.Contains("no config.json", Assert.Throws<InvalidDataException>(() => LlamaDecoder.Load(folder.Path)).Message);
        Config("llama", 24);
        using var loaded = LlamaDecoder.Load(folder.Path);
        var tokens = arange(10).view(2, 5);
        Assert.True((loaded.call(tokens) - model.call(tokens)).abs().max().item<float>() < close * model.call(tokens).abs().max().item<float>());

        Config("mamba", 24);
        Assert.Contains("type 'mamba'", Refusal());
        Config("llama", 12);
        Assert.Contains("'model.embed_tokens.weight' is [40, 24]", Refusal());
        Config("llama", 24);
        File.Delete(Path.Combine(folder.Path, "model-1.safetensors"));
        Assert.Contains("model-1.safetensors", Assert.ThrowsAny<Exception>(() => LlamaDecoder.Load(folder.Path)).Message);

        string Refusal() => Assert.Throws<InvalidDataException>(() => LlamaDecoder.Load(folder.Path)).Message;

        void Config(string kind, int width) => File.WriteAllText(
            Path.Combine(folder.Path, "config.json"),
            JsonSerializer.Serialize(new
            {
                model_type = kind,
                vocab_size = 40,
                hidden_size = width,
                intermediate_size = 20,
                num_hidden_layers = 2,
                num_attention_heads = 6,
                num_key_value_heads = 2,
                max_position_embeddings = 16,
                rms_norm_eps = 1e-5,
                tie_word_embeddings = true,
            }));
    }

    /// <summary>Filled-up rows are those of the texts alone.</summary>
    [Fact]
    public void FillingUpChangesNoVector()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new BertEncoder(new() { Vocabulary = 20, Width = 16, Inner = 24, Layers = 2, Heads = 2, Positions = 9 }, 2);
        foreach (var parameter in model.parameters())
            parameter.mul_(6f);
        var tokens = tensor(new[,] { { 3L, 4, 5, 0, 0 }, { 7, 8, 9, 10, 11 } });
        var both = model.Embed(tokens, tensor(new[,] { { true, true, true, false, false }, { true, true, true, true, true } }));
        Assert.True((both[0] - model.Embed(tokens[..1, ..3])[0]).abs().max().item<float>() < 1e-5);
        Assert.Equal(1, both[1].norm().item<float>(), 1e-5);
        Assert.False(both[0].allclose(model.Embed(tokens)[0], 1e-3, 1e-3));
    }

    private sealed class Shard : nn.Module
    {
        public Shard(IEnumerable<(string Name, Tensor Values)> tensors) : base(nameof(Shard))
        {
            foreach (var (name, values) in tensors)
                register_buffer(name, values);
        }
    }
}
