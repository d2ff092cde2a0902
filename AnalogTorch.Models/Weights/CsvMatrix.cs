using System.Globalization;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>One matrix as text: a line a row, numbers with points, separated by commas, semicolons or blanks; lines that begin with # are skipped.</summary>
internal sealed class CsvMatrix : WeightFormat
{
    private const long LongestFile = 1L << 30;
    private static readonly char[] Separators = [',', ';', ' ', '\t'];

    public override string Name => "CSV";

    public override int Order => 1;

    public override bool Recognizes(Stream stream, string path) =>
        Path.GetExtension(path).ToLowerInvariant() is ".csv" or ".txt" or ".tsv";

    public override IWeightContent Open(Stream stream, string path)
    {
        if (stream.Length > LongestFile)
            throw new InvalidDataException("it is longer than 1 GB; write it as .npy");
        using var reader = new StreamReader(stream);
        var values = new List<float>();
        var (rows, columns, number) = (0L, 0, 0);
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line.StartsWith('#'))
                continue;
            var parts = line.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            foreach (var part in parts)
                values.Add(float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : throw new InvalidDataException($"line {number} holds '{Short(part)}', which is no number"));
            if (rows > 0 && parts.Length != columns)
                throw new InvalidDataException($"line {number} has {parts.Length} numbers, but the lines before have {columns}");
            (rows, columns) = (rows + 1, parts.Length);
        }
        if (rows == 0)
            throw new InvalidDataException("it holds no numbers");
        return new Content(new(Path.GetFileNameWithoutExtension(path), [rows, columns], ScalarType.Float32), [.. values]);
    }

    private static string Short(string text) => text.Length <= 20 ? text : text[..20] + "…";

    private sealed class Content(WeightEntry only, float[] values) : IWeightContent
    {
        public IReadOnlyList<WeightEntry> Entries => [only];

        public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

        public Tensor Read(WeightEntry entry) => tensor(values, [.. entry.Shape]);

        public void Dispose()
        {
        }
    }
}
