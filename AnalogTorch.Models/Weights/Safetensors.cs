using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>Hugging Face's format: length of the header, a JSON header, the tensors one after another.</summary>
internal sealed class Safetensors : WeightFormat
{
    private const int LongestHeader = 100_000_000; // the limit of the reference implementation
    private const string MetadataKey = "__metadata__";

    private static readonly (string Name, ScalarType Type)[] Types =
    [
        ("F64", ScalarType.Float64), ("F32", ScalarType.Float32), ("F16", ScalarType.Float16), ("BF16", ScalarType.BFloat16), ("I64", ScalarType.Int64),
        ("I32", ScalarType.Int32), ("I16", ScalarType.Int16), ("I8", ScalarType.Int8), ("U8", ScalarType.Byte), ("BOOL", ScalarType.Bool),
    ];

    public override string Name => "safetensors";

    public override IReadOnlyList<string> WrittenAs => [".safetensors"];

    public override bool Recognizes(Stream stream, string path)
    {
        Span<byte> start = stackalloc byte[9];
        if (stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || start[8] != '{')
            return false;
        return path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) || BinaryPrimitives.ReadUInt64LittleEndian(start) <= (ulong)(stream.Length - 8);
    }

    public override IWeightContent Open(Stream stream, string path)
    {
        Span<byte> start = stackalloc byte[8];
        stream.ReadExactly(start);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > LongestHeader || length > (ulong)(stream.Length - 8))
            throw new InvalidDataException($"its header is said to be {length} bytes long");
        var text = new byte[length];
        stream.ReadExactly(text);
        var header = JsonDocument.Parse(text);
        var data = 8 + (long)length;
        var (entries, offsets, metadata) = (new List<WeightEntry>(), new Dictionary<string, long>(StringComparer.Ordinal), new Dictionary<string, string>());
        var ranges = new List<(long Begin, long End)>();
        foreach (var property in header.RootElement.EnumerateObject())
        {
            if (property.Name == MetadataKey)
            {
                foreach (var entry in property.Value.EnumerateObject())
                    metadata[entry.Name] = entry.Value.GetString() ?? "";
                continue;
            }
            var shape = property.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
            var name = property.Value.GetProperty("dtype").GetString();
            var type = Types.FirstOrDefault(type => type.Name == name);
            if (type.Name is null || shape.Any(size => size < 0))
                throw new InvalidDataException($"'{property.Name}' is of type {name} and shape [{string.Join(", ", shape)}]");
            var (begin, end) = (property.Value.GetProperty("data_offsets")[0].GetInt64(), property.Value.GetProperty("data_offsets")[1].GetInt64());
            var header1 = new WeightEntry(property.Name, shape, type.Type);
            if (begin < 0 || end - begin != Elements.Bytes(header1) || end > stream.Length - data)
                throw new InvalidDataException($"'{property.Name}' is said to lie at bytes {begin} to {end}, which does not fit its shape or the file");
            if (!offsets.TryAdd(property.Name, data + begin))
                throw new InvalidDataException($"'{property.Name}' is there twice");
            entries.Add(header1);
            ranges.Add((begin, end));
        }
        ranges.Sort();
        if (ranges.Zip(ranges.Skip(1)).Any(pair => pair.Second.Begin < pair.First.End))
            throw new InvalidDataException("tensors overlap");
        return new Content(stream, entries, offsets, metadata);
    }

    public override void Write(Stream stream, IReadOnlyList<(string Name, Tensor Values)> tensors)
    {
        var header = new JsonObject { [MetadataKey] = new JsonObject { ["format"] = "pt" } };
        var offset = 0L;
        foreach (var (name, values) in tensors)
        {
            var type = Types.FirstOrDefault(type => type.Type == values.dtype);
            if (type.Name is null)
                throw new NotSupportedException($"'{name}' is of type {values.dtype}, which safetensors files do not hold here.");
            var end = offset + values.NumberOfElements * Elements.Size(values.dtype);
            header[name] = new JsonObject
            {
                ["dtype"] = type.Name,
                ["shape"] = new JsonArray([.. values.shape.Select(size => JsonValue.Create(size))]),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }
        var text = Encoding.UTF8.GetBytes(header.ToJsonString());
        var padded = (text.Length + 7) / 8 * 8;
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, padded);
        stream.Write(length);
        stream.Write(text);
        stream.Write(Encoding.ASCII.GetBytes(new string(' ', padded - text.Length)));
        foreach (var (_, values) in tensors)
            Elements.Write(stream, values);
    }

    private sealed class Content(Stream stream, IReadOnlyList<WeightEntry> entries, Dictionary<string, long> offsets, IReadOnlyDictionary<string, string> metadata) : IWeightContent
    {
        public IReadOnlyList<WeightEntry> Entries => entries;

        public IReadOnlyDictionary<string, string> Metadata => metadata;

        public Tensor Read(WeightEntry entry)
        {
            stream.Position = offsets[entry.Name];
            return Elements.Read(stream, entry.Shape, entry.Type);
        }

        public void Dispose() => stream.Dispose();
    }
}
