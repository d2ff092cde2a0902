using System.Buffers.Binary;
using System.Text;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Weights;
using Google.Protobuf;
using Microsoft.ML.Tokenizers;

namespace AnalogTorch.Models.Text;

/// <summary>Tokenizers of Microsoft.ML.Tokenizers from the files that come with models, each held against the network that it is for.</summary>
public static class TokenFiles
{
    private const int LongestPiece = 1 << 16, MostPieces = 1 << 22;

    /// <summary>BERT's tokenizer from <c>vocab.txt</c>: lower-case, without accents, as <c>bert-base-uncased</c> and its kin have it.</summary>
    /// <remarks><c>BertTokenizer</c> 2.0.1 drops symbols that are no punctuation, such as $, = and £, of which Hugging Face's makes tokens.</remarks>
    /// <param name="path">The file: one piece a line, whose number is its id.</param>
    /// <param name="config">The network that it is for.</param>
    /// <exception cref="InvalidDataException">The file is no such vocabulary, or of another size than the network's.</exception>
    public static BertTokenizer WordPiece(string path, BertConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var pieces = File.ReadAllLines(path);
        if (pieces.Length != config.Vocabulary)
            throw new InvalidDataException($"{path} holds {pieces.Length} pieces, but the network's vocabulary is {config.Vocabulary}; take the file that came with the network.");
        foreach (var special in new[] { "[UNK]", "[CLS]", "[SEP]", "[PAD]" })
            if (!pieces.Contains(special))
                throw new InvalidDataException($"{path} is no vocabulary of BERT's: it has no piece {special}; take the file that came with the network.");
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', pieces)));
        return BertTokenizer.Create(stream, new BertOptions { LowerCaseBeforeTokenization = true, RemoveNonSpacingMarks = true });
    }

    /// <summary>The tokenizer of a network of Llama's kind: a model of SentencePiece, or <c>tokenizer.bin</c> of llama2.c.</summary>
    /// <param name="path">A .model, or a .bin.</param>
    /// <param name="config">The network that it is for.</param>
    /// <exception cref="InvalidDataException">The file is no such vocabulary, or of another size than the network's.</exception>
    public static LlamaTokenizer Llama(string path, LlamaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var bytes = path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) ? Model(path) : File.ReadAllBytes(path);
        LlamaTokenizer tokenizer;
        try
        {
            using var stream = new MemoryStream(bytes);
            tokenizer = LlamaTokenizer.Create(stream);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or ArgumentException or InvalidOperationException or NullReferenceException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"{path} is no vocabulary of a network of Llama's kind; take the tokenizer.model or tokenizer.bin that came with the network.", exception);
        }
        if (tokenizer.Vocabulary.Count != config.Vocabulary)
            throw new InvalidDataException($"{path} holds {tokenizer.Vocabulary.Count} pieces, but the network's vocabulary is {config.Vocabulary}; take the file that came with the network.");
        return tokenizer;
    }

    /// <summary>llama2.c's vocabulary as a model of SentencePiece, which says the same.</summary>
    /// <remarks>
    /// int32 length of the longest piece, then for each float32 score, int32 length and bytes, with spaces for SentencePiece's ▁. The first three are
    /// those
    /// for unknown text, beginning and end; 256 single bytes follow. The fields are those of sentencepiece_model.proto.
    /// </remarks>
    private static byte[] Model(string path)
    {
        var model = new MemoryStream();
        using var output = new CodedOutputStream(model, leaveOpen: true);
        var count = 0;
        foreach (var (piece, score) in Pieces(path))
        {
            var text = count switch { 0 => "<unk>", 1 => "<s>", 2 => "</s>", _ => piece.Replace(' ', '▁') };
            var kind = count switch { 0 => 2, 1 or 2 => 3, _ => text is ['<', '0', 'x', _, _, '>'] ? 6 : 1 }; // unknown, control, byte, normal
            Nested(output, 1, inner =>
            {
                Text(inner, 1, text);
                inner.WriteTag(2, WireFormat.WireType.Fixed32);
                inner.WriteFloat(score);
                Number(inner, 3, kind);
            });
            count++;
        }
        Nested(output, 2, inner =>
        {
            Number(inner, 3, 2); // byte-pair encoding
            Number(inner, 4, count);
            Number(inner, 35, 1); // what no piece fits becomes bytes
            Number(inner, 40, 0);
            Number(inner, 41, 1);
            Number(inner, 42, 2);
            Text(inner, 45, "<unk>");
            Text(inner, 46, "<s>");
            Text(inner, 47, "</s>");
        });
        Nested(output, 3, inner =>
        {
            Text(inner, 1, "identity");
            Number(inner, 3, 1); // a space before the text
            Number(inner, 4, 0); // all spaces stay
            Number(inner, 5, 1); // as ▁
        });
        output.Flush();
        return model.ToArray();

        static void Number(CodedOutputStream to, int field, int value)
        {
            to.WriteTag(field, WireFormat.WireType.Varint);
            to.WriteInt32(value);
        }

        static void Text(CodedOutputStream to, int field, string text)
        {
            to.WriteTag(field, WireFormat.WireType.LengthDelimited);
            to.WriteString(text);
        }

        static void Nested(CodedOutputStream to, int field, Action<CodedOutputStream> write)
        {
            using var buffer = new MemoryStream();
            using (var inner = new CodedOutputStream(buffer, leaveOpen: true))
                write(inner);
            to.WriteTag(field, WireFormat.WireType.LengthDelimited);
            to.WriteBytes(ByteString.CopyFrom(buffer.ToArray()));
        }
    }

    private static List<(string Piece, float Score)> Pieces(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan();
        var pieces = new List<(string, float)>();
        var place = sizeof(int);
        try
        {
            while (place < bytes.Length)
            {
                var (score, length) = (BinaryPrimitives.ReadSingleLittleEndian(bytes[place..]),
                    BinaryPrimitives.ReadInt32LittleEndian(bytes[(place + sizeof(float))..]));
                if (length is < 0 or > LongestPiece || pieces.Count > MostPieces || !float.IsFinite(score))
                    throw new InvalidDataException();
                place += 2 * sizeof(int);
                pieces.Add((new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.Slice(place, length)), score));
                place += length;
            }
            return pieces.Count > 259 ? pieces : throw new InvalidDataException();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidDataException)
        {
            throw new InvalidDataException($"{path} is no vocabulary of llama2.c, or is cut off ({FileFault.Quoted($"piece {pieces.Count}")[1..^1]}); get it again from where it came.", exception);
        }
    }
}
