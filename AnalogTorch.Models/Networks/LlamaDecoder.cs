using AnalogTorch.Core;
using AnalogTorch.Models.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>A decoder of Llama's kind: from tokens, int64 [texts, tokens], to a score for each token that may come next, float32 [texts, tokens,
/// vocabulary].</summary>
/// <remarks>
/// H. Touvron et al., "LLaMA: Open and efficient foundation language models", arXiv:2302.13971 (2023), with the names of Hugging Face's
/// <c>LlamaForCausalLM</c>. All matrices are Linear layers; scores of the attention, norms, rotary positions and the cache of keys and values are
/// digital.
/// </remarks>
public sealed class LlamaDecoder : Module<Tensor, Tensor>, IArchitectures
{
    private readonly LlamaBody model;
    private readonly Linear lm_head;

    /// <summary>The network with start values of a seed: normal with deviation 0.02, those that write to the residual less by √(2·layers).</summary>
    /// <param name="config">The sizes.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <exception cref="ArgumentException">The sizes do not go together.</exception>
    public LlamaDecoder(LlamaConfig config, long seed = 0) : base(nameof(LlamaDecoder))
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Check();
        Config = config;
        model = new(config);
        lm_head = Linear(config.Width, config.Vocabulary, hasBias: false);
        Tie();
        RegisterComponents();
        StartValues.Draw(this, seed, parameter =>
            parameter.Layer is RmsNorm ? Start.Constant(1)
            : parameter.Name.EndsWith("o_proj.weight", StringComparison.Ordinal) || parameter.Name.EndsWith("down_proj.weight",
                StringComparison.Ordinal) ? Start.Normal(0.02 / Math.Sqrt(2.0 * config.Layers))
            : Start.Normal(0.02));
    }

    /// <summary>The sizes.</summary>
    public LlamaConfig Config { get; }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        new()
        {
            Name = "llama_tiny",
            Source = "H. Touvron et al., LLaMA: Open and efficient foundation language models, arXiv:2302.13971 (2023), made small",
            Outputs = 64,
            Elements = 36_576,
            Inputs = [new TokenInput(64, 12, BatchFirst: true)],
            Build = (vocabulary, seed) => new LlamaDecoder(new() { Vocabulary = vocabulary, Width = 32, Inner = 80, Layers = 3, Heads = 4,
                KeyValueHeads = 2, Positions = 64 }, seed),
        },
    ];

    /// <summary>A trained network.</summary>
    /// <param name="path">A .safetensors, the index of several or the folder with it, or llama2.c's .bin; what does not say the sizes itself needs
    /// <c>config.json</c> beside it.</param>
    /// <exception cref="InvalidDataException">A file is damaged, missing, of another architecture, or does not fit.</exception>
    public static LlamaDecoder Load(string path)
    {
        using var file = WeightFile.Open(path);
        var config = LlamaConfig.Of(file);
        var needed = file.Entries.Where(entry => entry.Name == "model.embed_tokens.weight").Select(entry => entry.Shape).FirstOrDefault();
        if (needed is not null && !needed.SequenceEqual([config.Vocabulary, config.Width]))
        {
            throw new InvalidDataException(
                $"{file.Path} does not fit its config: 'model.embed_tokens.weight' is [{string.Join(", ", needed)}], but vocabulary and width are {config.Vocabulary} and {config.Width}.");
        }
        var network = new LlamaDecoder(config);
        try
        {
            if (config.IsTied)
                network.model.LoadWeights(file, file.Contains("lm_head.weight") ? WeightFit.Covering : WeightFit.Exact, name =>
                    name.StartsWith("model.", StringComparison.Ordinal) ? name["model.".Length..] : $"({name})");
            else
                network.LoadWeights(file);
            network.eval();
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>The parameters, a shared one once: an optimizer would move it twice otherwise.</summary>
    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
        base.named_parameters(recurse).DistinctBy(named => named.parameter.Handle);

    /// <inheritdoc cref="named_parameters"/>
    public override IEnumerable<Parameter> parameters(bool recurse = true) => base.parameters(recurse).DistinctBy(parameter => parameter.Handle);

    /// <summary>A cache for texts that this network is to go on with.</summary>
    public KeyValueCache NewCache() => new(Config.Layers);

    /// <summary>The scores behind each token of texts.</summary>
    /// <exception cref="ArgumentException">The tokens are of another type or shape, or more than the network has positions for.</exception>
    public override Tensor forward(Tensor tokens) => Continue(tokens, null);

    /// <summary>The scores behind each of some tokens that follow those in a cache, which are put into it.</summary>
    /// <param name="tokens">int64 [texts, tokens].</param>
    /// <param name="cache">What was read before; null for nothing, and to keep nothing.</param>
    /// <returns>float32 [texts, tokens, vocabulary].</returns>
    /// <exception cref="ArgumentException">The tokens are of another type or shape, or more than the network has positions for, or the cache is of
    /// other texts.</exception>
    public Tensor Continue(Tensor tokens, KeyValueCache? cache)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (tokens.dim() != 2 || tokens.dtype != ScalarType.Int64)
            throw new ArgumentException($"LlamaDecoder takes tokens as int64 [texts, tokens], but got {tokens.dtype} [{string.Join(", ", tokens.shape)}].", nameof(tokens));
        var before = cache?.Length ?? 0;
        if (before + tokens.shape[1] > Config.Positions)
            throw new ArgumentException($"LlamaDecoder has positions for {Config.Positions} tokens, but was to read {before + tokens.shape[1]}; cut the text, or begin a new one.", nameof(tokens));
        if (before > 0 && cache!.Batch != tokens.shape[0])
            throw new ArgumentException($"LlamaDecoder goes on with as many texts as the cache holds, {cache.Batch}, but got tokens [{string.Join(", ", tokens.shape)}].", nameof(tokens));
        using var scope = NewDisposeScope();
        return lm_head.call(model.Run(tokens, cache)).MoveToOuterDisposeScope();
    }

    /// <summary>Goes on with texts, token by token.</summary>
    /// <param name="prompt">int64 [texts, tokens], at least one token.</param>
    /// <param name="count">Tokens to add.</param>
    /// <param name="temperature">What scores are divided by before a token is drawn; 0 takes the likeliest.</param>
    /// <param name="seed">Seed of the draws; the same seed writes the same.</param>
    /// <returns>int64 [texts, tokens of the prompt and those added].</returns>
    /// <exception cref="ArgumentException">The prompt is empty, or the texts become longer than the network has positions for.</exception>
    public Tensor Generate(Tensor prompt, int count, double temperature = 0, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegative(temperature);
        if (prompt.dim() != 2 || prompt.shape[1] == 0)
            throw new ArgumentException($"LlamaDecoder.Generate needs a prompt [texts, tokens] of at least one token, but got [{string.Join(", ", prompt.shape)}]; begin with the token for the beginning of a text.", nameof(prompt));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var cache = NewCache();
        var rng = Rng.FromSeed(seed).Split("generate");
        var (all, next) = (new List<Tensor> { prompt }, prompt);
        for (var i = 0; i < count; i++)
        {
            using var inner = NewDisposeScope();
            var scores = Continue(next, cache).select(1, -1);
            next = (temperature == 0 ? scores.argmax(-1, keepdim: true) : Draw((scores / temperature).softmax(-1),
                rng.Split(i))).MoveToOuterDisposeScope();
            all.Add(next);
        }
        return cat(all, 1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void _toEpilog(ScalarType? dtype, Device? device, bool nonBlocking)
    {
        base._toEpilog(dtype, device, nonBlocking);
        Tie(); // a move has made two parameters of the shared one
    }

    private void Tie()
    {
        if (Config.IsTied)
            lm_head.weight = model.Embedding;
    }

    /// <summary>A token of each row of probabilities: the first at which their sum is beyond a uniform number.</summary>
    private static Tensor Draw(Tensor probabilities, Rng rng)
    {
        using var uniform = Kernels.Noise.Uniform(rng, [probabilities.shape[0], 1], probabilities.device);
        return probabilities.cumsum(-1).lt(uniform).sum(-1, keepdim: true).clamp_(0, probabilities.shape[1] - 1);
    }

    /// <summary>Embedding, blocks and the last norm.</summary>
    private sealed class LlamaBody : Module
    {
        private readonly Embedding embed_tokens;
        private readonly ModuleList<LlamaBlock> layers;
        private readonly RmsNorm norm;
        private readonly LlamaConfig config;

        public LlamaBody(LlamaConfig config) : base(nameof(LlamaBody))
        {
            this.config = config;
            embed_tokens = nn.Embedding(config.Vocabulary, config.Width);
            layers = new([.. Enumerable.Range(0, config.Layers).Select(_ => new LlamaBlock(config))]);
            norm = new(config.Width, config.NormEpsilon);
            RegisterComponents();
        }

        public Parameter Embedding => embed_tokens.get_parameter("weight")!;

        public Tensor Run(Tensor tokens, KeyValueCache? cache)
        {
            var x = embed_tokens.call(tokens);
            var rotation = Rotation.Of(config, cache?.Length ?? 0, tokens.shape[1], tokens.device);
            for (var layer = 0; layer < layers.Count; layer++)
                x = layers[layer].Run(x, rotation, cache, layer);
            return norm.call(x);
        }
    }
}
