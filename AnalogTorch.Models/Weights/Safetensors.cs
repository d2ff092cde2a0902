using System.Buffers.Binary;
using System.Text;
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
            throw new FileFault($"its header is said to be {length} bytes long");
        var text = new byte[length];
        stream.ReadExactly(text);
        var (items, metadata) = SafetensorsHeader.Read(text);
        var data = 8 + (long)length;
        var (entries, offsets) = (new List<WeightEntry>(items.Count), new Dictionary<string, long>(StringComparer.Ordinal));
        var ranges = new List<(long Begin, long End)>(items.Count);
        foreach (var (name, typeName, shape, begin, end) in items)
        {
            var type = Types.FirstOrDefault(type => type.Name == typeName);
            if (type.Name is null || shape.Any(size => size < 0))
                throw new FileFault($"{FileFault.Quoted(name)} is of type {FileFault.Quoted(typeName)[1..^1]} and shape {FileFault.Text(shape)}");
            var entry = new WeightEntry(name, shape, type.Type);
            if (begin < 0 || end < begin || end - begin != Elements.Bytes(entry) || end > stream.Length - data)
                throw new FileFault($"{FileFault.Quoted(name)} is said to lie at bytes {begin} to {end}, which does not fit its shape or the file");
            if (!offsets.TryAdd(name, data + begin))
                throw new FileFault($"{FileFault.Quoted(name)} is there twice");
            entries.Add(entry);
            ranges.Add((begin, end));
        }
        ranges.Sort();
        if (ranges.Zip(ranges.Skip(1)).Any(pair => pair.Second.Begin < pair.First.End))
            throw new FileFault("tensors overlap");
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
