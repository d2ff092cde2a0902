namespace AnalogTorch.Checkpoints;

/// <summary>What a value in a <see cref="StateWriter"/>'s bytes is.</summary>
internal enum StateKind : byte
{
    /// <summary>The end of one object's values.</summary>
    End,

    /// <summary>A truth value.</summary>
    Boolean,

    /// <summary>A byte.</summary>
    Byte,

    /// <summary>A whole number of up to 64 bits.</summary>
    Whole,

    /// <summary>A number of 32 or 64 bits with a fraction.</summary>
    Real,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A number of bytes.</summary>
    Bytes,

    /// <summary>A tensor.</summary>
    Tensor,
}

/// <summary>Takes what an object writes of its state and puts before each value what it is, so that it can be checked before any object reads it.</summary>
/// <remarks>
/// A value is one byte of <see cref="StateKind"/> and its content: nothing, one byte, 8 bytes, or a length of 8 bytes and that many bytes. A tensor has its
/// <see cref="TensorHeader"/> and its elements. TorchSharp's states write a tensor as single bytes, then to the stream itself.
/// </remarks>
internal sealed class StateWriter(Stream output) : BinaryWriter(output)
{
    private readonly List<byte> pending = [];

    /// <summary>The place for a tensor's elements, whose header has just been written byte by byte.</summary>
    public override Stream BaseStream
    {
        get
        {
            for (var start = 0; start < pending.Count; start++)
            {
                var at = start;
                if (!TensorHeader.TryRead(() => at < pending.Count ? pending[at++] : -1, out _) || at != pending.Count)
                    continue;
                for (var i = 0; i < start; i++)
                    OutStream.Write([(byte)StateKind.Byte, pending[i]]);
                OutStream.WriteByte((byte)StateKind.Tensor);
                OutStream.Write([.. pending[start..]]);
                pending.Clear();
                return OutStream;
            }
            throw Unknown("bytes of its own making");
        }
    }

    /// <summary>Ends one object's values.</summary>
    public void End()
    {
        Flush();
        OutStream.WriteByte((byte)StateKind.End);
    }

    public override void Flush()
    {
        foreach (var value in pending)
            OutStream.Write([(byte)StateKind.Byte, value]);
        pending.Clear();
    }

    public override void Write(bool value) => Put(StateKind.Boolean, [value ? (byte)1 : (byte)0]);

    public override void Write(byte value) => pending.Add(value);

    public override void Write(sbyte value) => Write((long)value);

    public override void Write(short value) => Write((long)value);

    public override void Write(ushort value) => Write((long)value);

    public override void Write(int value) => Write((long)value);

    public override void Write(uint value) => Write((long)value);

    public override void Write(long value) => Put(StateKind.Whole, BitConverter.GetBytes(value));

    public override void Write(ulong value) => Write(unchecked((long)value));

    public override void Write(float value) => Write((double)value);

    public override void Write(double value) => Put(StateKind.Real, BitConverter.GetBytes(value));

    public override void Write(Half value) => Write((double)value);

    public override void Write(string value) => PutLong(StateKind.Text, System.Text.Encoding.UTF8.GetBytes(value));

    public override void Write(byte[] buffer) => PutLong(StateKind.Bytes, buffer);

    public override void Write(ReadOnlySpan<byte> buffer) => PutLong(StateKind.Bytes, buffer);

    public override void Write(byte[] buffer, int index, int count) => PutLong(StateKind.Bytes, buffer.AsSpan(index, count));

    public override void Write(char ch) => throw Unknown("characters");

    public override void Write(char[] chars) => throw Unknown("characters");

    public override void Write(char[] chars, int index, int count) => throw Unknown("characters");

    public override void Write(ReadOnlySpan<char> chars) => throw Unknown("characters");

    public override void Write(decimal value) => throw Unknown("decimal numbers");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Flush(); // the stream is another's
    }

    private static NotSupportedException Unknown(string what) =>
        new($"Checkpoint.Save: the optimizer's state holds {what}, which a checkpoint does not keep; write numbers, texts, byte arrays and tensors.");

    private void Put(StateKind kind, ReadOnlySpan<byte> content)
    {
        Flush();
        OutStream.WriteByte((byte)kind);
        OutStream.Write(content);
    }

    private void PutLong(StateKind kind, ReadOnlySpan<byte> content)
    {
        Put(kind, BitConverter.GetBytes((long)content.Length));
        OutStream.Write(content);
    }
}
