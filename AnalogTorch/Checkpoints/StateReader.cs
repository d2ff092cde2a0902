using System.Text;

namespace AnalogTorch.Checkpoints;

/// <summary>Gives an object the values that <see cref="StateWriter"/> took from one like it, and refuses to give it one for another.</summary>
/// <remarks>The bytes have gone through <see cref="SkipObject"/> before, so that lengths in them are true.</remarks>
internal sealed class StateReader(Stream input) : BinaryReader(input, Encoding.UTF8, leaveOpen: true)
{
    private readonly Stream input = input;
    private byte[] header = [];
    private int at;
    private long elementsEnd = -1;

    /// <summary>The place of a tensor's elements, whose header has just been read byte by byte.</summary>
    public override Stream BaseStream => elementsEnd >= 0 && at == header.Length ? input : throw Other("something else");

    /// <summary>Passes over one object's values.</summary>
    /// <param name="input">The bytes.</param>
    /// <param name="fits">Whether a tensor may be there.</param>
    /// <returns>Whether the values are whole and fit.</returns>
    public static bool SkipObject(Stream input, Func<TensorHeader, bool> fits)
    {
        while (true)
        {
            switch ((StateKind)input.ReadByte())
            {
                case StateKind.End:
                    return true;
                case StateKind.Boolean or StateKind.Byte:
                    if (!Skip(input, 1))
                        return false;
                    break;
                case StateKind.Whole or StateKind.Real:
                    if (!Skip(input, 8))
                        return false;
                    break;
                case StateKind.Text or StateKind.Bytes:
                    var length = new byte[8];
                    if (input.ReadAtLeast(length, 8, throwOnEndOfStream: false) < 8 || !Skip(input, BitConverter.ToInt64(length)))
                        return false;
                    break;
                case StateKind.Tensor:
                    if (!TensorHeader.TryRead(input.ReadByte, out var header) || !fits(header) || !Skip(input, header.Bytes))
                        return false;
                    break;
                default:
                    return false;
            }
        }
    }

    /// <summary>Ends the values of one object.</summary>
    public void End() => Expect(StateKind.End, "fewer values");

    public override bool ReadBoolean() => Content(StateKind.Boolean, "a truth value", 1)[0] != 0;

    public override byte ReadByte()
    {
        if (at < header.Length)
            return header[at++];
        Settle();
        var place = input.Position;
        if (input.ReadByte() == (int)StateKind.Byte)
            return (byte)input.ReadByte();
        input.Position = place;
        Expect(StateKind.Tensor, "a tensor");
        TensorHeader.TryRead(input.ReadByte, out var tensor);
        (header, at, elementsEnd) = (tensor.Encoded(), 1, input.Position + tensor.Bytes);
        return header[0];
    }

    public override sbyte ReadSByte() => checked((sbyte)ReadInt64());

    public override short ReadInt16() => checked((short)ReadInt64());

    public override ushort ReadUInt16() => checked((ushort)ReadInt64());

    public override int ReadInt32() => checked((int)ReadInt64());

    public override uint ReadUInt32() => checked((uint)ReadInt64());

    public override long ReadInt64() => BitConverter.ToInt64(Content(StateKind.Whole, "a whole number", 8));

    public override ulong ReadUInt64() => unchecked((ulong)ReadInt64());

    public override float ReadSingle() => (float)ReadDouble();

    public override double ReadDouble() => BitConverter.ToDouble(Content(StateKind.Real, "a number", 8));

    public override Half ReadHalf() => (Half)ReadDouble();

    public override string ReadString() => Encoding.UTF8.GetString(Long(StateKind.Text, "a text"));

    public override byte[] ReadBytes(int count) => Long(StateKind.Bytes, "bytes") is var bytes && bytes.Length == count ? bytes : throw Other($"{count} bytes");

    /// <summary>Bytes, as many as there are.</summary>
    public byte[] ReadBytes() => Long(StateKind.Bytes, "bytes");

    public override int Read(byte[] buffer, int index, int count)
    {
        ReadBytes(count).CopyTo(buffer, index);
        return count;
    }

    public override int Read(Span<byte> buffer)
    {
        ReadBytes(buffer.Length).CopyTo(buffer);
        return buffer.Length;
    }

    public override int PeekChar() => throw Other("characters");

    public override int Read() => throw Other("characters");

    public override char ReadChar() => throw Other("characters");

    public override char[] ReadChars(int count) => throw Other("characters");

    public override int Read(char[] buffer, int index, int count) => throw Other("characters");

    public override decimal ReadDecimal() => throw Other("a decimal number");

    private static bool Skip(Stream input, long count)
    {
        if (count < 0 || count > input.Length - input.Position)
            return false;
        input.Position += count;
        return true;
    }

    private static InvalidDataException Other(string expected) => new($"its state has another value where this optimizer has {expected}");

    /// <summary>A tensor must have been read whole before what follows it is.</summary>
    private void Settle()
    {
        if (elementsEnd >= 0 && (at != header.Length || input.Position != elementsEnd))
            throw Other("a tensor of another size");
        (header, at, elementsEnd) = ([], 0, -1);
    }

    private void Expect(StateKind kind, string what)
    {
        Settle();
        if (input.ReadByte() != (int)kind)
            throw Other(what);
    }

    private byte[] Content(StateKind kind, string what, long length)
    {
        Expect(kind, what);
        var content = new byte[length];
        input.ReadExactly(content);
        return content;
    }

    private byte[] Long(StateKind kind, string what)
    {
        var length = BitConverter.ToInt64(Content(kind, what, 8));
        var content = new byte[length];
        input.ReadExactly(content);
        return content;
    }
}
