using System.Globalization;
using System.Text;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>One matrix as text: a line a row, numbers with points, separated by commas, or by semicolons and blanks; lines that begin with # are skipped.</summary>
/// <remarks>
/// Commas beside another separator might be decimal ones, as some countries write them, so such a line is refused. The text is read twice: to count and check
/// the numbers, and into the tensor.
/// </remarks>
internal sealed class CsvMatrix : WeightFormat
{
    private const long LongestFile = 1L << 30;

    public override string Name => "CSV";

    public override int Order => 1;

    public override bool Recognizes(Stream stream, string path) =>
        Path.GetExtension(path).ToLowerInvariant() is ".csv" or ".txt" or ".tsv";

    public override IWeightContent Open(Stream stream, string path)
    {
        if (stream.Length > LongestFile)
            throw new FileFault("it is longer than 1 GB; write it as .npy");
        var (rows, columns) = (0L, 0L);
        foreach (var row in Rows(stream))
        {
            if (rows > 0 && row.Count != columns)
                throw new FileFault($"line {row.Line} has {row.Count} numbers, but the lines before have {columns}");
            (rows, columns) = (rows + 1, row.Count);
        }
        if (rows == 0)
            throw new FileFault("it holds no numbers");
        return new Content(stream, new(Path.GetFileNameWithoutExtension(path), [rows, columns], ScalarType.Float32));
    }

    /// <summary>Goes through the rows; a row's numbers are given to a function, one by one.</summary>
    private static IEnumerable<(int Line, long Count)> Rows(Stream stream, Action<float>? take = null)
    {
        stream.Position = 0;
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 1 << 16, leaveOpen: true);
        var line = new Line();
        while (true)
        {
            line.Begin();
            int next;
            while ((next = reader.Read()) >= 0 && next is not ('\n' or '\r'))
                if (line.Add((char)next) is { } number)
                    take?.Invoke(number);
            if (next == '\r' && reader.Peek() == '\n')
                reader.Read();
            if (line.End() is { } last)
                take?.Invoke(last);
            if (line.Count > 0)
                yield return (line.Number, line.Count);
            if (next < 0)
                yield break;
        }
    }

    /// <summary>A line, character by character, of which no more than one number is kept.</summary>
    private sealed class Line
    {
        private const int LongestNumber = 64;
        private readonly char[] text = new char[LongestNumber];
        private int length;
        private bool comment, started, commas, others, blank, afterSeparator;

        public int Number { get; private set; }

        public long Count { get; private set; }

        private string Text => new(text.AsSpan(0, length));

        /// <summary>Begins the next line.</summary>
        public void Begin()
        {
            Number++;
            (Count, length) = (0, 0);
            comment = started = commas = others = blank = afterSeparator = false;
        }

        /// <summary>Takes a character; the number that it ends, if it ends one.</summary>
        public float? Add(char character)
        {
            if (comment || (!started && character == '#'))
            {
                comment = true;
                return null;
            }
            started = true;
            switch (character)
            {
                case ',' or ';':
                    var ended = Take();
                    if (ended is null && (Count == 0 || afterSeparator))
                        throw new FileFault($"line {Number} has no number before a '{character}'");
                    commas |= character == ',';
                    others |= character == ';';
                    (afterSeparator, blank) = (true, false);
                    RefuseBoth();
                    return ended;
                case ' ' or '\t':
                    blank |= length > 0 || (Count > 0 && !afterSeparator);
                    return Take();
                default:
                    others |= blank; // blanks alone are between this number and the one before
                    RefuseBoth();
                    (afterSeparator, blank) = (false, false);
                    if (length == LongestNumber)
                        throw NoNumber();
                    text[length++] = character;
                    return null;
            }
        }

        /// <summary>Ends the line; its last number, if there is one that no separator has ended.</summary>
        public float? End() => Take() is { } last ? last : afterSeparator ? throw new FileFault($"line {Number} ends in a separator") : null;

        private float? Take()
        {
            if (length == 0)
                return null;
            if (!float.TryParse(text.AsSpan(0, length), NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                throw NoNumber();
            if (!float.IsFinite(value))
                throw new FileFault($"line {Number} holds {FileFault.Quoted(Text)}, which is no finite float32 number");
            length = 0;
            Count++;
            return value;
        }

        private FileFault NoNumber() => new($"line {Number} holds '{Short(Text)}', which is no number");

        private void RefuseBoth()
        {
            if (commas && others)
                throw new FileFault($"line {Number} has commas beside semicolons or blanks, so that they may be decimal ones; write numbers with points, and one separator");
        }

        private static string Short(string text) => FileFault.Quoted(text.Length <= 20 ? text : text[..20] + "…")[1..^1];
    }

    private sealed class Content(Stream stream, WeightEntry only) : IWeightContent
    {
        public IReadOnlyList<WeightEntry> Entries => [only];

        public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

        public Tensor Read(WeightEntry entry)
        {
            var tensor = empty([.. entry.Shape], dtype: ScalarType.Float32);
            try
            {
                using var flat = tensor.view(-1);
                var (values, at) = (flat.data<float>(), 0L);
                foreach (var _ in Rows(stream, value => values[at++] = value))
                {
                }
                return at == entry.Count ? tensor : throw new EndOfStreamException();
            }
            catch
            {
                tensor.Dispose();
                throw;
            }
        }

        public void Dispose() => stream.Dispose();
    }
}
