using System.Text;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>What TorchSharp's <c>Module.save</c> writes: a number of entries, each a name, a type, a shape and the elements.</summary>
/// <remarks>The format has no mark of its own, so a file is of it if it can be read as such to its last byte.</remarks>
internal sealed class TorchSharpDat : WeightFormat
{
    private const int LongestName = 4096, MostDimensions = 64;

    public override string Name => "TorchSharp";

    public override int Order => 2;

    public override IReadOnlyList<string> WrittenAs => [".dat"];

    public override bool Recognizes(Stream stream, string path)
    {
        if (path.EndsWith(".dat", StringComparison.OrdinalIgnoreCase))
            return true;
        try
        {
            Index(stream);
            return true;
        }
        catch (Exception exception) when (FileFault.ReasonOf(exception) is not null)
        {
            return false;
        }
    }

    public override IWeightContent Open(Stream stream, string path) => new Content(stream, Index(stream));

    public override void Write(Stream stream, IReadOnlyList<(string Name, Tensor Values)> tensors)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write7BitEncodedInt64(tensors.Count);
        foreach (var (name, values) in tensors)
        {
            writer.Write(name);
            writer.Write7BitEncodedInt64((long)values.dtype);
            writer.Write7BitEncodedInt64(values.dim());
            foreach (var size in values.shape)
                writer.Write7BitEncodedInt64(size);
            writer.Flush();
            Elements.Write(stream, values);
        }
    }

    private static List<(WeightEntry Entry, long Offset)> Index(Stream stream)
    {
        using var reader = new BinaryReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true), leaveOpen: true);
        var count = reader.Read7BitEncodedInt64();
        if (count is < 1 or > Elements.MostTensors)
            throw new FileFault($"it is said to hold {count} tensors");
        var entries = new List<(WeightEntry, long)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0L; i < count; i++)
        {
            var name = Text(reader);
            var (type, dimensions) = (reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64());
            if (type is < 0 or > sbyte.MaxValue || !Enum.IsDefined((ScalarType)type) || dimensions is < 0 or > MostDimensions || !names.Add(name))
                throw new FileFault($"{FileFault.Quoted(name)} has a type or shape that cannot be, or is there twice");
            var shape = new long[dimensions];
            for (var d = 0; d < dimensions; d++)
                shape[d] = reader.Read7BitEncodedInt64();
            var entry = new WeightEntry(name, shape, (ScalarType)type);
            if (Elements.Bytes(entry) > stream.Length - stream.Position)
                throw new FileFault($"{FileFault.Quoted(name)} of shape {entry.ShapeText} is longer than the file");
            entries.Add((entry, stream.Position));
            stream.Seek(Elements.Bytes(entry), SeekOrigin.Current);
        }
        return stream.Position == stream.Length ? entries : throw new FileFault("it goes on after its last tensor");
    }

    private static string Text(BinaryReader reader)
    {
        var length = reader.Read7BitEncodedInt();
        if (length is < 0 or > LongestName)
            throw new FileFault($"it holds a name of {length} bytes");
        var bytes = reader.ReadBytes(length);
        return bytes.Length == length ? new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes) : throw new EndOfStreamException();
    }

    private sealed class Content(Stream stream, List<(WeightEntry Entry, long Offset)> index) : IWeightContent
    {
        private readonly Dictionary<string, long> offsets = index.ToDictionary(item => item.Entry.Name, item => item.Offset, StringComparer.Ordinal);

        public IReadOnlyList<WeightEntry> Entries { get; } = [.. index.Select(item => item.Entry)];

        public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

        public Tensor Read(WeightEntry entry)
        {
            stream.Position = offsets[entry.Name];
            return Elements.Read(stream, entry.Shape, entry.Type);
        }

        public void Dispose() => stream.Dispose();
    }
}
