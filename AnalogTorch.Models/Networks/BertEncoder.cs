using AnalogTorch.Models.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>An encoder of BERT's kind: from tokens, int64 [texts, tokens], to a vector for each, float32 [texts, tokens, width].</summary>
/// <remarks>
/// J. Devlin et al., "BERT: Pre-training of deep bidirectional transformers", NAACL 2019, arXiv:1810.04805, with the names of Hugging Face's
/// <c>BertModel</c>, without
/// dropout and without its pooler. All matrices are Linear layers; embeddings, scores of the attention and norms are digital.
/// </remarks>
public sealed class BertEncoder : Module<Tensor, Tensor>, IArchitectures
{
    private readonly BertEmbeddings embeddings;
    private readonly BertStack encoder;

    /// <summary>The network with start values of a seed: normal with deviation 0.02, as BERT's.</summary>
    /// <param name="config">The sizes.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <exception cref="ArgumentException">The sizes do not go together.</exception>
    public BertEncoder(BertConfig config, long seed = 0) : base(nameof(BertEncoder))
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Check();
        Config = config;
        embeddings = new(config);
        encoder = new(config);
        RegisterComponents();
        StartValues.Draw(this, seed, parameter =>
            parameter.Layer is LayerNorm ? Start.Constant(parameter.IsBias ? 0 : 1)
            : parameter.IsBias ? Start.Constant(0)
            : Start.Normal(0.02));
    }

    /// <summary>The sizes.</summary>
    public BertConfig Config { get; }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        Of("bert_tiny", "made small", 28_832, new() { Vocabulary = 64, Width = 32, Inner = 64, Layers = 3, Heads = 4, Positions = 32 }),
    ];

    /// <summary>A trained network.</summary>
    /// <param name="path">A .safetensors, or the index of several or the folder with it; the pooler, which is not used, may be in it.</param>
    /// <param name="config">The sizes; null for those of <c>config.json</c> beside the file.</param>
    /// <exception cref="InvalidDataException">A file is damaged, missing, of another architecture, or does not fit.</exception>
    public static BertEncoder Load(string path, BertConfig? config = null)
    {
        using var file = WeightFile.Open(path);
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file.Path))!, "config.json");
        var sizes = config
            ?? (file.Metadata.TryGetValue("config", out var inside) ? BertConfig.Parse(inside, file.Path)
                : File.Exists(beside) ? BertConfig.Parse(File.ReadAllText(beside), beside)
                : throw new InvalidDataException($"{file.Path} does not say what network it is for, and there is no config.json beside it; get that from where the weights came, or hand in a BertConfig."));
        if (file.Entries.FirstOrDefault(entry => Plain(entry.Name) == "embeddings.word_embeddings.weight") is { } words
            && !words.Shape.SequenceEqual([sizes.Vocabulary, sizes.Width]))
        {
            throw new InvalidDataException(
                $"{file.Path} does not fit its config: '{words.Name}' is [{string.Join(", ", words.Shape)}], but vocabulary and width are {sizes.Vocabulary} and {sizes.Width}.");
        }
        var network = new BertEncoder(sizes);
        try
        {
            var isExact = file.Entries.All(entry => !Plain(entry.Name).StartsWith("pooler.", StringComparison.Ordinal)
                && !entry.Name.EndsWith("position_ids", StringComparison.Ordinal));
            network.LoadWeights(file, isExact ? WeightFit.Exact : WeightFit.Covering, Plain);
            network.eval();
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>The vectors of texts that are all of one length.</summary>
    /// <exception cref="ArgumentException">The tokens are of another type or shape, or more than the network has positions for.</exception>
    public override Tensor forward(Tensor tokens) => Encode(tokens, null);

    /// <summary>The vectors of texts that are filled up to one length.</summary>
    /// <param name="tokens">int64 [texts, tokens].</param>
    /// <param name="attended">Which tokens are of the text, Bool of the same shape; null for all.</param>
    /// <exception cref="ArgumentException">Tokens or mask are of another type or shape, or more than the network has positions for.</exception>
    public Tensor Encode(Tensor tokens, Tensor? attended)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (tokens.dim() != 2 || tokens.dtype != ScalarType.Int64)
            throw new ArgumentException($"BertEncoder takes tokens as int64 [texts, tokens], but got {tokens.dtype} [{string.Join(", ", tokens.shape)}].", nameof(tokens));
        if (tokens.shape[1] > Config.Positions)
            throw new ArgumentException($"BertEncoder has positions for {Config.Positions} tokens, but was to read {tokens.shape[1]}; cut the text.",
                nameof(tokens));
        if (attended is not null && (attended.dtype != ScalarType.Bool || !attended.shape.SequenceEqual(tokens.shape)))
            throw new ArgumentException($"BertEncoder takes a mask as Bool [{string.Join(", ", tokens.shape)}], but got {attended.dtype} [{string.Join(", ", attended.shape)}].", nameof(attended));
        using var scope = NewDisposeScope();
        var mask = attended is null ? null : zeros(attended.shape, device: tokens.device).masked_fill(attended.logical_not(),
            -10_000f).unsqueeze(1).unsqueeze(2);
        return encoder.Run(embeddings.Run(tokens), mask).MoveToOuterDisposeScope();
    }

    /// <summary>A vector of length 1 for each text: the mean over its tokens, divided by its length.</summary>
    /// <inheritdoc cref="Encode"/>
    /// <returns>float32 [texts, width].</returns>
    public Tensor Embed(Tensor tokens, Tensor? attended = null)
    {
        using var scope = NewDisposeScope();
        var vectors = Encode(tokens, attended);
        var weights = (attended ?? ones_like(tokens)).to_type(ScalarType.Float32).unsqueeze(-1);
        var mean = (vectors * weights).sum(1L) / weights.sum(1L).clamp_min(1e-9);
        return (mean / mean.norm(1, keepdim: true).clamp_min(1e-12)).MoveToOuterDisposeScope();
    }

    private static string Plain(string name) => name.StartsWith("bert.", StringComparison.Ordinal) ? name["bert.".Length..] : name;

    private static Architecture Of(string name, string size, long elements, BertConfig config) => new()
    {
        Name = name,
        Source = $"J. Devlin et al., BERT: Pre-training of deep bidirectional transformers, arXiv:1810.04805 (2019), {size}",
        Outputs = config.Width,
        Elements = elements,
        Inputs = [new TokenInput(config.Vocabulary, 12, BatchFirst: true)],
        Build = (width, seed) => new BertEncoder(config with { Width = width }, seed),
    };

    /// <summary>What a text begins with: vectors of its tokens, their places and their kind, added up and normalised.</summary>
    private sealed class BertEmbeddings : Module
    {
        private readonly Embedding word_embeddings;
        private readonly Embedding position_embeddings;
        private readonly Embedding token_type_embeddings;
        private readonly LayerNorm LayerNorm;

        public BertEmbeddings(BertConfig config) : base(nameof(BertEmbeddings))
        {
            word_embeddings = Embedding(config.Vocabulary, config.Width);
            position_embeddings = Embedding(config.Positions, config.Width);
            token_type_embeddings = Embedding(config.Kinds, config.Width);
            LayerNorm = nn.LayerNorm(config.Width, config.NormEpsilon);
            RegisterComponents();
        }

        public Tensor Run(Tensor tokens) => LayerNorm.call(
            word_embeddings.call(tokens) + position_embeddings.call(arange(tokens.shape[1],
                device: tokens.device)) + token_type_embeddings.call(zeros_like(tokens)));
    }

    private sealed class BertStack : Module
    {
        private readonly ModuleList<BertLayer> layer;

        public BertStack(BertConfig config) : base(nameof(BertStack))
        {
            layer = new([.. Enumerable.Range(0, config.Layers).Select(_ => new BertLayer(config))]);
            RegisterComponents();
        }

        public Tensor Run(Tensor x, Tensor? mask)
        {
            foreach (var block in layer)
                x = block.Run(x, mask);
            return x;
        }
    }
}
