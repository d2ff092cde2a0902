using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>A tagger: embedding, LSTM layers that read in both directions, a linear layer from both to the tags.</summary>
/// <remarks>
/// P. Wang et al., "Part-of-speech tagging with bidirectional long short-term memory recurrent neural network", arXiv:1510.06168 (2015). From words, int64
/// [time, batch], to a score (logit) for each tag of each word, float32 [time, batch, tags].
/// </remarks>
public sealed class LstmTagger : Module<Tensor, Tensor>, IArchitectures
{
    private readonly Embedding embeddings;
    private readonly LSTM lstm;
    private readonly Linear hidden2tag;

    /// <summary>The network with PyTorch's start values, drawn from a seed.</summary>
    /// <param name="vocabulary">Number of words.</param>
    /// <param name="tags">Number of tags.</param>
    /// <param name="embedding">Width of the embedding.</param>
    /// <param name="hidden">Width of each LSTM layer, for each direction.</param>
    /// <param name="layers">Number of LSTM layers.</param>
    /// <param name="dropout">Share of values set to zero between the layers in training.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public LstmTagger(int vocabulary, int tags, int embedding = 64, int hidden = 64, int layers = 2, double dropout = 0, long seed = 0) : base(nameof(LstmTagger))
    {
        int[] sizes = [vocabulary, tags, embedding, hidden, layers];
        if (sizes.Min() < 1)
            throw new ArgumentOutOfRangeException(null, $"LstmTagger needs positive numbers of words, tags, widths and layers, but got [{string.Join(", ", sizes)}].");
        embeddings = Embedding(vocabulary, embedding);
        lstm = LSTM(embedding, hidden, layers, dropout: layers > 1 ? dropout : 0, bidirectional: true);
        hidden2tag = Linear(2 * hidden, tags);
        RegisterComponents();
        StartValues.Draw(this, seed);
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        new()
        {
            Name = "lstm_tagger",
            Source = "P. Wang et al., Part-of-speech tagging with bidirectional long short-term memory recurrent neural network, arXiv:1510.06168 (2015)",
            Outputs = 17,
            Elements = 808_081,
            Inputs = [new TokenInput(10_000, 20)],
            Build = (tags, seed) => new LstmTagger(10_000, tags, seed: seed),
        },
    ];

    /// <summary>The scores of every word, [time, batch, tags].</summary>
    /// <exception cref="ArgumentException">The words are of another type or shape.</exception>
    public override Tensor forward(Tensor words)
    {
        if (words.dim() != 2 || words.dtype != ScalarType.Int64)
            throw new ArgumentException($"LstmTagger takes words as int64 [time, batch], but got {words.dtype} [{string.Join(", ", words.shape)}].", nameof(words));
        using var scope = NewDisposeScope();
        var (outputs, _, _) = lstm.call(embeddings.call(words), null);
        return hidden2tag.call(outputs).MoveToOuterDisposeScope();
    }
}
