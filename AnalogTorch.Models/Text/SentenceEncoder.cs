using System.Text;
using AnalogTorch.Models.Networks;
using Microsoft.ML.Tokenizers;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Text;

/// <summary>Texts as vectors of length 1, by an encoder of BERT's kind, digital or on a chip.</summary>
/// <remarks>The mean over the vectors of all tokens, as sentence-transformers have it: N. Reimers and I. Gurevych, "Sentence-BERT", EMNLP 2019,
/// arXiv:1908.10084.</remarks>
public sealed class SentenceEncoder : IDisposable
{
    // With InvariantGlobalization .NET takes every letter to be normalised, and the tokenizer would keep accents without a word.
    private static readonly bool CanTakeAccentsOff = "\u00e9".Normalize(NormalizationForm.FormD).Length == 2;

    private readonly BertTokenizer tokenizer;

    /// <summary>An encoder with its tokenizer.</summary>
    /// <param name="network">The network; disposed of with this.</param>
    /// <param name="tokenizer">Its tokenizer, as <see cref="TokenFiles.WordPiece"/> reads it.</param>
    public SentenceEncoder(BertEncoder network, BertTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(tokenizer);
        (Network, this.tokenizer) = (network, tokenizer);
    }

    /// <summary>The network, which can be programmed.</summary>
    public BertEncoder Network { get; }

    /// <summary>Tokens of a text that are read at most, the first and the last one included.</summary>
    public int LongestText
    {
        get; init => field = value is > 2 ? value : throw new ArgumentOutOfRangeException(nameof(value), value,
        "SentenceEncoder.LongestText must be at least 3.");
    } = 256;

    /// <summary>Tokens that are run at a time.</summary>
    public int TokensAtATime
    {
        get; init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value,
        "SentenceEncoder.TokensAtATime must be positive.");
    } = 2048;

    /// <summary>all-MiniLM-L6-v2, or another network of its kind, from a weight file and a vocabulary.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="vocabulary">The vocabulary, one piece a line.</param>
    /// <param name="config">The sizes; null for those of <c>config.json</c> beside the weights.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or does not fit.</exception>
    public static SentenceEncoder Load(string weights, string vocabulary, BertConfig? config = null)
    {
        var network = BertEncoder.Load(weights, config);
        try
        {
            return new(network, TokenFiles.WordPiece(vocabulary, network.Config));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>The tokens of a text, cut to the longest that is read.</summary>
    /// <exception cref="NotSupportedException">The text has letters beyond ASCII in a program that runs with InvariantGlobalization, where .NET cannot take accents off.</exception>
    public IReadOnlyList<long> Tokens(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!CanTakeAccentsOff && text.FirstOrDefault(sign => sign > '\u007f' && char.IsLetter(sign)) is not '\0' and var letter)
            throw new NotSupportedException(
                $"SentenceEncoder cannot read '{letter}' in a program that runs with InvariantGlobalization, where .NET takes no accents off letters; set that to false and install ICU (libicu), or write ASCII letters.");
        var ids = tokenizer.EncodeToIds(text);
        var longest = Math.Min(LongestText, Network.Config.Positions);
        return ids.Count <= longest ? [.. ids.Select(id => (long)id)] : [.. ids.Take(longest - 1).Select(id => (long)id), ids[^1]];
    }

    /// <summary>The vectors of texts.</summary>
    /// <param name="texts">The texts.</param>
    /// <returns>float32 [texts, width].</returns>
    public Tensor Encode(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var vectors = zeros(texts.Count, Network.Config.Width);
        foreach (var (places, tokens, attended) in Batches([.. texts.Select(Tokens)]))
        {
            using var inner = NewDisposeScope();
            vectors.index_copy_(0, tensor(places), Network.Embed(tokens, attended));
        }
        return vectors.MoveToOuterDisposeScope();
    }

    /// <summary>Token rows of similar length side by side, filled up to one length.</summary>
    /// <param name="rows">The tokens of each text.</param>
    /// <returns>Places of the texts, their tokens [texts, tokens] and which of these are of the text; null where all are. The caller's.</returns>
    public IEnumerable<(long[] Places, Tensor Tokens, Tensor? Attended)> Batches(IReadOnlyList<IReadOnlyList<long>> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var order = Enumerable.Range(0, rows.Count).OrderBy(place => rows[place].Count).ToArray();
        for (var first = 0; first < order.Length;)
        {
            var count = 0;
            while (first + count < order.Length && (count == 0 || (count + 1L) * rows[order[first + count]].Count <= TokensAtATime))
                count++;
            var places = order.AsSpan(first, count).ToArray();
            var longest = rows[places[^1]].Count;
            var (tokens, attended) = (new long[count * longest], new bool[count * longest]);
            for (var row = 0; row < count; row++)
            {
                for (var i = 0; i < rows[places[row]].Count; i++)
                    (tokens[row * longest + i], attended[row * longest + i]) = (rows[places[row]][i], true);
            }
            yield return ([.. places.Select(place => (long)place)], tensor(tokens).view(count, longest), Array.TrueForAll(attended, isOfText =>
                isOfText) ? null : tensor(attended).view(count, longest));
            first += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();
}
