namespace AnalogTorch.Checkpoints;

/// <summary>Bytes in memory, as many as there are, without the copies that a growing array takes.</summary>
internal sealed class ChunkedStream : Stream
{
    private const int ChunkSize = 1 << 18;
    private readonly List<byte[]> chunks = [];
    private long length;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => length;

    public override long Position { get; set; }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var (chunk, at) = ((int)(Position / ChunkSize), (int)(Position % ChunkSize));
            while (chunk >= chunks.Count)
                chunks.Add(new byte[ChunkSize]);
            var part = Math.Min(buffer.Length, ChunkSize - at);
            buffer[..part].CopyTo(chunks[chunk].AsSpan(at));
            buffer = buffer[part..];
            Position += part;
            length = Math.Max(length, Position);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var at = (int)(Position % ChunkSize);
        var part = (int)Math.Min(Math.Min(buffer.Length, ChunkSize - at), Math.Max(length - Position, 0));
        if (part > 0)
            chunks[(int)(Position / ChunkSize)].AsSpan(at, part).CopyTo(buffer);
        Position += part;
        return part;
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        Position = offset + origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => Position, _ => length };

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
