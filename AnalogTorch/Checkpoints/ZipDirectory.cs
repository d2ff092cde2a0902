using System.Buffers.Binary;

namespace AnalogTorch.Checkpoints;

/// <summary>The list of files at the end of a zip archive, whose length is checked before anything reads it.</summary>
/// <remarks>
/// Records as in .ZIP File Format Specification 6.3.10 (PKWARE), sections 4.3.14 to 4.3.16. An entry of the list takes some six times its bytes in memory, so a
/// file that is all list would take a multiple of its own length.
/// </remarks>
public static class ZipDirectory
{
    private const uint EndMark = 0x06054B50, LongEndMark = 0x06064B50, LongLocatorMark = 0x07064B50;
    private const int EndSize = 22, LocatorSize = 20, LongEndSize = 56, LongestComment = ushort.MaxValue;

    /// <summary>Bytes that the list of files takes; −1 if the stream is no zip archive.</summary>
    /// <param name="archive">The archive, which can seek; its position is kept.</param>
    public static long Length(Stream archive)
    {
        ArgumentNullException.ThrowIfNull(archive);
        var position = archive.Position;
        try
        {
            var tail = new byte[Math.Min(archive.Length, EndSize + LongestComment + LocatorSize)];
            archive.Position = archive.Length - tail.Length;
            archive.ReadExactly(tail);
            for (var end = tail.Length - EndSize; end >= 0; end--)
            {
                if (BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end)) != EndMark)
                    continue;
                var at = archive.Length - tail.Length + end;
                var start = (long)BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end + 16));
                if (end >= LocatorSize && BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end - LocatorSize)) == LongLocatorMark)
                    start = LongStart(archive, BinaryPrimitives.ReadInt64LittleEndian(tail.AsSpan(end - LocatorSize + 8)));
                return start >= 0 && start <= at ? at - start : -1;
            }
            return -1;
        }
        finally
        {
            archive.Position = position;
        }
    }

    private static long LongStart(Stream archive, long at)
    {
        if (at < 0 || at > archive.Length - LongEndSize)
            return -1;
        var record = new byte[LongEndSize];
        archive.Position = at;
        archive.ReadExactly(record);
        return BinaryPrimitives.ReadUInt32LittleEndian(record) == LongEndMark ? BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(48)) : -1;
    }
}
