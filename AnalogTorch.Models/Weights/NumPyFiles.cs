using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>NumPy's array files (NEP 1): a header in Python's notation, then the elements.</summary>
internal static partial class NumPyArray
{
    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    private const int LongestHeader = 1 << 16; // format 1 has no longer ones, and a shape needs none

    private static readonly (string Name, ScalarType Type)[] Types =
    [
        ("<f8", ScalarType.Float64), ("<f4", ScalarType.Float32), ("<f2", ScalarType.Float16), ("<i8", ScalarType.Int64), ("<i4", ScalarType.Int32),
        ("<i2", ScalarType.Int16), ("|i1", ScalarType.Int8), ("|u1", ScalarType.Byte), ("|b1", ScalarType.Bool),
    ];

    /// <summary>Reads the header; the stream is at the elements then.</summary>
    /// <param name="name">What the array is called.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="length">Length of the whole file.</param>
    public static (WeightEntry Entry, bool ColumnsFirst) Header(string name, Stream stream, long length)
    {
        Span<byte> start = stackalloc byte[8];
        stream.ReadExactly(start);
        if (!start[..6].SequenceEqual(Magic) || start[6] is not (1 or 2 or 3))
            throw new FileFault($"{FileFault.Quoted(name)} is no NumPy array of format 1 to 3");
        Span<byte> size = stackalloc byte[start[6] == 1 ? 2 : 4];
        stream.ReadExactly(size);
        var characters = size.Length == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(size) : BinaryPrimitives.ReadUInt32LittleEndian(size);
        if (characters > LongestHeader || characters > length)
            throw new FileFault($"the header of {FileFault.Quoted(name)} is said to be {characters} bytes long");
        var text = new byte[characters];
        stream.ReadExactly(text);
        var header = HeaderPattern().Match(Encoding.Latin1.GetString(text));
        if (!header.Success)
            throw new FileFault($"the header of {FileFault.Quoted(name)} does not tell type, order and shape of one plain array");
        var type = Types.FirstOrDefault(type => type.Name == header.Groups["type"].Value);
        if (type.Name is null)
            throw new FileFault($"{FileFault.Quoted(name)} is of type {FileFault.Quoted(header.Groups["type"].Value)[1..^1]}, which is not read here; write it with astype('<f4')");
        long[] shape = [.. header.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : -1)];
        var entry = new WeightEntry(name, shape, type.Type);
        if (Elements.Bytes(entry) != length - 8 - size.Length - characters)
            throw new FileFault($"{FileFault.Quoted(name)} of shape {entry.ShapeText} does not fit the length of its file");
        return (entry, header.Groups["fortran"].Value == "True");
    }

    public static Tensor Read(Stream stream, WeightEntry entry, bool columnsFirst)
    {
        if (!columnsFirst)
            return Elements.Read(stream, entry.Shape, entry.Type);
        using var scope = NewDisposeScope();
        var transposed = Elements.Read(stream, [.. entry.Shape.Reverse()], entry.Type);
        return transposed.permute([.. Enumerable.Range(0, entry.Shape.Count).Reverse().Select(d => (long)d)]).contiguous().MoveToOuterDisposeScope();
    }

    [GeneratedRegex(@"^\{\s*'descr':\s*'(?<type>[^']*)',\s*'fortran_order':\s*(?<fortran>True|False),\s*'shape':\s*\((?<shape>[0-9, ]*)\),?\s*\}\s*$")]
    private static partial Regex HeaderPattern();
}

/// <summary>One array.</summary>
internal sealed class NumPyFile : WeightFormat
{
    public override string Name => "NumPy";

    public override bool Recognizes(Stream stream, string path) => BeginsWith(stream, NumPyArray.Magic);

    public override IWeightContent Open(Stream stream, string path)
    {
        var (entry, columnsFirst) = NumPyArray.Header(Path.GetFileNameWithoutExtension(path), stream, stream.Length);
        return new Content(stream, entry, columnsFirst, stream.Position);
    }

    private sealed class Content(Stream stream, WeightEntry only, bool columnsFirst, long offset) : IWeightContent
    {
        public IReadOnlyList<WeightEntry> Entries => [only];

        public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

        public Tensor Read(WeightEntry entry)
        {
            stream.Position = offset;
            return NumPyArray.Read(stream, entry, columnsFirst);
        }

        public void Dispose() => stream.Dispose();
    }
}

/// <summary>A zip archive of arrays, as <c>numpy.savez</c> writes it.</summary>
internal sealed class NumPyArchive : WeightFormat
{
    private const long MostCompression = 1032; // of deflate

    public override string Name => "NumPy archive";

    public override int Order => 1;

    public override bool Recognizes(Stream stream, string path)
    {
        if (!BeginsWith(stream, (byte)'P', (byte)'K', 3, 4))
            return false;
        using var archive = Archives.Open(stream, leaveOpen: true);
        return archive.Entries.Count > 0 && archive.Entries.All(entry => entry.Name.EndsWith(".npy", StringComparison.Ordinal));
    }

    public override IWeightContent Open(Stream stream, string path) => new Content(Archives.Open(stream));

    private sealed class Content : IWeightContent
    {
        private readonly ZipArchive archive;

        public Content(ZipArchive archive)
        {
            this.archive = archive;
            Entries = [.. archive.Entries.Select(entry => With(entry, (_, header) => header.Entry))];
        }

        public IReadOnlyList<WeightEntry> Entries { get; }

        public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

        public Tensor Read(WeightEntry entry) =>
            With(archive.GetEntry($"{entry.Name}.npy")!, (stream, header) => NumPyArray.Read(stream, header.Entry, header.ColumnsFirst));

        public void Dispose() => archive.Dispose();

        private static T With<T>(ZipArchiveEntry entry, Func<Stream, (WeightEntry Entry, bool ColumnsFirst), T> use)
        {
            if (entry.Length / MostCompression > entry.CompressedLength)
                throw new FileFault($"{FileFault.Quoted(entry.FullName)} is said to unpack to {entry.Length} bytes, which is more than compression can do");
            using var stream = new BufferedStream(entry.Open());
            return use(stream, NumPyArray.Header(entry.FullName[..^".npy".Length], stream, entry.Length));
        }
    }
}
