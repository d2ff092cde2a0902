using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Transfer;

/// <summary>Features of labelled images in a file that is mapped into memory: rows of float32, read as they are asked for.</summary>
/// <remarks>
/// <para>
/// Layout, little endian: 8 bytes of mark, 32 of key, rows, width, classes and rows of a block as int64, 32 of a SHA-256 of all that and of the labels; the
/// labels as int64; for each block 32 bytes of a SHA-256 of its rows, zeros while it is not there; the rows.
/// </para>
/// <para>A block's checksum is written after its rows, so that a file whose writer was killed says by itself what is missing.</para>
/// </remarks>
public sealed class FeatureFile : IDisposable
{
    private const int HashSize = 32, HashAt = 8 + HashSize + 4 * 8, LabelsAt = HashAt + HashSize;
    private static readonly byte[] Mark = "ATFEAT01"u8.ToArray();

    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;

    private FeatureFile(FileStream stream, Layout layout, MemoryMappedFileAccess access)
    {
        (Path, Shape) = (stream.Name, layout);
        map = MemoryMappedFile.CreateFromFile(stream, null, layout.Length, access, HandleInheritability.None, leaveOpen: false);
        view = map.CreateViewAccessor(0, layout.Length, access);
        var labels = new long[layout.Rows];
        view.SafeMemoryMappedViewHandle.ReadSpan(LabelsAt, labels.AsSpan());
        Labels = labels;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Number of images.</summary>
    public long Rows => Shape.Rows;

    /// <summary>Features of an image.</summary>
    public long Width => Shape.Width;

    /// <summary>Number of classes; labels lie in [0, Classes).</summary>
    public int Classes => (int)Shape.Classes;

    /// <summary>The class of each image.</summary>
    public IReadOnlyList<long> Labels { get; }

    internal Layout Shape { get; }

    /// <summary>Opens a file that is complete, and checks every byte of it.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="InvalidDataException">It is of another kind, damaged or not complete.</exception>
    public static FeatureFile Open(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no feature file '{path}': compute the features first.", path);
        if (TryOpen(path, FileAccess.Read, null) is not { } file)
            throw new InvalidDataException($"'{path}' is no feature file, or a damaged one: delete it and compute the features again.");
        var missing = file.MissingBlocks().Count();
        if (missing == 0)
            return file;
        file.Dispose();
        throw new InvalidDataException($"'{path}' lacks {missing} of {file.Shape.Blocks} blocks, or they are damaged: compute the features again, which goes on where it ended.");
    }

    /// <summary>Some rows, float32 [count, <see cref="Width"/>], in memory of their own.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the file.</exception>
    public Tensor Read(long start, long count)
    {
        if (start < 0 || count < 1 || start > Rows - count)
            throw new ArgumentOutOfRangeException(nameof(start), $"'{Path}' has {Rows} rows, so {count} from {start} cannot be read.");
        var rows = empty([count, Width]);
        view.SafeMemoryMappedViewHandle.ReadSpan((ulong)(Shape.RowsAt + start * Width * sizeof(float)), MemoryMarshal.Cast<byte, float>(rows.bytes));
        return rows;
    }

    /// <summary>All rows, float32 [<see cref="Rows"/>, <see cref="Width"/>].</summary>
    public Tensor ReadAll() => Read(0, Rows);

    /// <inheritdoc/>
    public void Dispose()
    {
        view.Dispose();
        map.Dispose();
    }

    /// <summary>Opens a file to write, with what is sound in it; one of another key or layout, or a damaged one, is made anew.</summary>
    internal static FeatureFile OpenOrCreate(string path, Layout layout, IReadOnlyList<long> labels)
    {
        if (File.Exists(path))
        {
            if (TryOpen(path, FileAccess.ReadWrite, layout) is { } sound)
            {
                if (sound.Labels.SequenceEqual(labels))
                    return sound;
                sound.Dispose();
            }
            File.Delete(path);
        }
        var stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            stream.SetLength(layout.Length);
            stream.Write(Header(layout, labels));
            stream.Write(MemoryMarshal.AsBytes(labels.ToArray().AsSpan()));
            stream.Flush(flushToDisk: true);
            return new(stream, layout, MemoryMappedFileAccess.ReadWrite);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Numbers of the blocks that are not there or whose rows are not those that were written.</summary>
    internal IEnumerable<long> MissingBlocks()
    {
        var written = new byte[HashSize];
        for (var block = 0L; block < Shape.Blocks; block++)
        {
            view.SafeMemoryMappedViewHandle.ReadSpan((ulong)(Shape.BlocksAt + block * HashSize), written.AsSpan());
            if (!written.AsSpan().ContainsAnyExcept((byte)0) || !Hash(block).AsSpan().SequenceEqual(written))
                yield return block;
        }
    }

    /// <summary>Writes a block, then its checksum.</summary>
    internal void Write(long block, Tensor rows)
    {
        using var plain = rows.to(ScalarType.Float32).cpu().contiguous();
        view.SafeMemoryMappedViewHandle.WriteSpan<byte>((ulong)(Shape.RowsAt + block * Shape.BlockRows * Width * sizeof(float)), plain.bytes);
        view.Flush();
        view.SafeMemoryMappedViewHandle.WriteSpan<byte>((ulong)(Shape.BlocksAt + block * HashSize), Hash(block));
        view.Flush();
    }

    private byte[] Hash(long block)
    {
        using var rows = Read(block * Shape.BlockRows, Shape.RowsOf(block));
        return SHA256.HashData(rows.bytes);
    }

    private static FeatureFile? TryOpen(string path, FileAccess access, Layout? expected)
    {
        var stream = new FileStream(path, FileMode.Open, access, FileShare.Read);
        try
        {
            var header = new byte[LabelsAt];
            if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length && header.AsSpan().StartsWith(Mark))
            {
                long Number(int index) => BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(8 + HashSize + 8 * index));
                var layout = new Layout(Convert.ToHexStringLower(header.AsSpan(8, HashSize)), Number(0), Number(1), Number(2), Number(3));
                if (layout.IsPossible(stream.Length) && (expected is null || layout == expected))
                {
                    var labels = new long[layout.Rows];
                    stream.ReadExactly(MemoryMarshal.AsBytes(labels.AsSpan()));
                    if (Header(layout, labels).AsSpan().SequenceEqual(header))
                        return new(stream, layout, access == FileAccess.Read ? MemoryMappedFileAccess.Read : MemoryMappedFileAccess.ReadWrite);
                }
            }
            stream.Dispose();
            return null;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static byte[] Header(Layout layout, IReadOnlyList<long> labels)
    {
        var header = new byte[LabelsAt];
        Mark.CopyTo(header, 0);
        Convert.FromHexString(layout.Key).CopyTo(header, 8);
        long[] numbers = [layout.Rows, layout.Width, layout.Classes, layout.BlockRows];
        foreach (var (index, number) in numbers.Index())
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8 + HashSize + 8 * index), number);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header.AsSpan(0, HashAt));
        hash.AppendData(MemoryMarshal.AsBytes(labels.ToArray().AsSpan()));
        hash.GetHashAndReset().CopyTo(header, HashAt);
        return header;
    }

    /// <summary>What is in a file, and where.</summary>
    /// <param name="Key">What the features depend on, as 64 hexadecimal digits.</param>
    /// <param name="Rows">Number of images.</param>
    /// <param name="Width">Features of an image.</param>
    /// <param name="Classes">Number of classes.</param>
    /// <param name="BlockRows">Rows of a block; the last may have fewer.</param>
    internal sealed record Layout(string Key, long Rows, long Width, long Classes, long BlockRows)
    {
        public long Blocks => (Rows + BlockRows - 1) / BlockRows;

        public long BlocksAt => LabelsAt + Rows * sizeof(long);

        public long RowsAt => BlocksAt + Blocks * HashSize;

        public long Length => RowsAt + Rows * Width * sizeof(float);

        public long RowsOf(long block) => Math.Min(BlockRows, Rows - block * BlockRows);

        public bool IsPossible(long length) =>
            Rows is > 0 and < 1L << 40 && Width is > 0 and < 1L << 24 && BlockRows is > 0 and < 1L << 40 && Classes is > 0 and <= int.MaxValue && (Int128)Rows * Width < 1L << 60 && Length == length;
    }
}
