using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>A translator: a GRU reads the source, another writes the target and looks back at the source before each word.</summary>
/// <remarks>
/// D. Bahdanau, K. Cho, Y. Bengio, "Neural machine translation by jointly learning to align and translate", arXiv:1409.0473 (2014), in the form and
/// with the names of PyTorch's tutorial on sequence to sequence. From source, int64 [batch, source time], and target, int64 [batch, target
/// time], to scores (logits) of each word of the target given those before it, float32 [batch, target time, words].
/// </remarks>
public sealed class Seq2Seq : Module<Tensor, Tensor, Tensor>, IArchitectures
{
    /// <summary>The word that every target is taken to follow.</summary>
    public const int StartOfSentence = 0;

    private readonly Encoder encoder;
    private readonly Decoder decoder;

    /// <summary>The network with PyTorch's start values, drawn from a seed.</summary>
    /// <param name="sourceWords">Number of words of the source language.</param>
    /// <param name="targetWords">Number of words of the target language, <see cref="StartOfSentence"/> among them.</param>
    /// <param name="hidden">Width of embeddings, recurrent layers and attention.</param>
    /// <param name="dropout">Share of the embeddings' values set to zero in training.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public Seq2Seq(int sourceWords, int targetWords, int hidden = 128, double dropout = 0.1, long seed = 0) : base(nameof(Seq2Seq))
    {
        if (Math.Min(Math.Min(sourceWords, targetWords), hidden) < 1)
        {
            throw new ArgumentOutOfRangeException(
                null, $"Seq2Seq needs positive numbers of words and a positive width, but got {sourceWords}, {targetWords} and {hidden}.");
        }
        encoder = new(sourceWords, hidden, dropout);
        decoder = new(targetWords, hidden, dropout);
        RegisterComponents();
        StartValues.Draw(this, seed);
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        new()
        {
            Name = "seq2seq",
            Source = "D. Bahdanau, K. Cho, Y. Bengio, Neural machine translation by jointly learning to align and translate, arXiv:1409.0473 (2014)",
            Outputs = 3_000,
            Elements = 1_435_449,
            Inputs = [new TokenInput(3_000, 10, BatchFirst: true), new TokenInput(3_000, 10, BatchFirst: true)],
            Build = (words, seed) => new Seq2Seq(words, words, seed: seed),
        },
    ];

    /// <summary>The scores of each word of the target given the source and the true words before it, [batch, target time, words].</summary>
    /// <exception cref="ArgumentException">Source or target are of another type or shape.</exception>
    public override Tensor forward(Tensor source, Tensor target)
    {
        Check(source, target);
        using var scope = NewDisposeScope();
        var (keys, state) = encoder.call(source);
        var scores = new List<Tensor>();
        for (var i = 0L; i < target.shape[1]; i++)
        {
            var before = i == 0 ? First(source) : target.narrow(1, i - 1, 1);
            (var step, state) = decoder.call(before, state, keys);
            scores.Add(step);
        }
        return cat(scores, 1).MoveToOuterDisposeScope();
    }

    /// <summary>The words that the network itself writes, at each place the one of highest score: int64 [batch, length].</summary>
    /// <param name="source">int64 [batch, source time].</param>
    /// <param name="length">Number of words to write.</param>
    /// <exception cref="ArgumentException">The source is of another type or shape, or the length is not positive.</exception>
    public Tensor Write(Tensor source, int length)
    {
        if (length < 1)
            throw new ArgumentException($"Seq2Seq.Write needs a positive length, but got {length}.", nameof(length));
        Check(source, source);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (keys, state) = encoder.call(source);
        var words = new List<Tensor>();
        for (var i = 0; i < length; i++)
        {
            (var step, state) = decoder.call(i == 0 ? First(source) : words[^1], state, keys);
            words.Add(step.argmax(-1));
        }
        return cat(words, 1).MoveToOuterDisposeScope();
    }

    private static Tensor First(Tensor source) => full([source.shape[0], 1], StartOfSentence, dtype: ScalarType.Int64, device: source.device);

    private static void Check(Tensor source, Tensor target)
    {
        if (source.dim() != 2 || target.dim() != 2 || source.dtype != ScalarType.Int64 || target.dtype != ScalarType.Int64
            || source.shape[0] != target.shape[0] || source.shape[1] < 1 || target.shape[1] < 1)
        {
            throw new ArgumentException(
                "Seq2Seq takes source and target as int64 [batch, time] of one batch, "
                + $"but got {source.dtype} [{string.Join(", ", source.shape)}] and {target.dtype} [{string.Join(", ", target.shape)}].");
        }
    }

    /// <summary>Words to outputs at every place, [batch, time, hidden], and the last state, [1, batch, hidden].</summary>
    private sealed class Encoder : Module<Tensor, (Tensor Keys, Tensor State)>
    {
        private readonly Embedding embedding;
        private readonly GRU gru;
        private readonly Dropout dropout;

        public Encoder(int words, int hidden, double dropout) : base(nameof(Encoder))
        {
            embedding = Embedding(words, hidden);
            gru = GRU(hidden, hidden, batchFirst: true);
            this.dropout = Dropout(dropout);
            RegisterComponents();
        }

        public override (Tensor Keys, Tensor State) forward(Tensor words) => gru.call(dropout.call(embedding.call(words)), null);
    }

    /// <summary>One word on: from the word before, the state and the source's outputs to scores, [batch, 1, words], and the next state.</summary>
    private sealed class Decoder : Module<Tensor, Tensor, Tensor, (Tensor Scores, Tensor State)>
    {
        private readonly Embedding embedding;
        private readonly Attention attention;
        private readonly GRU gru;
        private readonly Linear @out;
        private readonly Dropout dropout;

        public Decoder(int words, int hidden, double dropout) : base(nameof(Decoder))
        {
            embedding = Embedding(words, hidden);
            attention = new(hidden);
            gru = GRU(2 * hidden, hidden, batchFirst: true);
            @out = Linear(hidden, words);
            this.dropout = Dropout(dropout);
            RegisterComponents();
        }

        public override (Tensor Scores, Tensor State) forward(Tensor word, Tensor state, Tensor keys)
        {
            var context = attention.call(state.permute(1, 0, 2), keys);
            var (output, next) = gru.call(cat([dropout.call(embedding.call(word)), context], 2), state);
            return (@out.call(output), next);
        }
    }

    /// <summary>The mean of the keys, weighted by softmax(Va·tanh(Wa·query + Ua·key)): [batch, 1, hidden].</summary>
    private sealed class Attention : Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear Wa;
        private readonly Linear Ua;
        private readonly Linear Va;

        public Attention(int hidden) : base(nameof(Attention))
        {
            Wa = Linear(hidden, hidden);
            Ua = Linear(hidden, hidden);
            Va = Linear(hidden, 1);
            RegisterComponents();
        }

        public override Tensor forward(Tensor query, Tensor keys)
        {
            var scores = Va.call(Wa.call(query).add(Ua.call(keys)).tanh()).transpose(1, 2);
            return scores.softmax(-1).bmm(keys);
        }
    }
}
