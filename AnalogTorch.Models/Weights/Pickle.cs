using System.Buffers.Binary;
using System.Text;

namespace AnalogTorch.Models.Weights;

/// <summary>A name in a pickle, which a Python reader would look up and call; here it is a name and no more.</summary>
internal sealed record PickleGlobal(string Name);

/// <summary>A storage that a pickle refers to.</summary>
/// <param name="Type">The storage's type, such as <c>torch.FloatStorage</c>.</param>
/// <param name="Key">Its key in the file.</param>
/// <param name="Count">Its number of elements.</param>
internal sealed record PickleStorage(string Type, string Key, long Count);

/// <summary>A tensor that a pickle describes: a view of a storage.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Stride);

/// <summary>Reads the pickles that <c>torch.save</c> writes for state dicts, by an allow-list; it builds data and never calls anything.</summary>
/// <remarks>
/// The stack machine of Python's pickle module, protocols 2 to 5, with the opcodes that dictionaries, lists, tuples, numbers, texts and tensors
/// need. Any other opcode, and any name that is not on the list, is refused.
/// </remarks>
internal sealed class Pickle(Stream stream)
{
    private const int MostValues = 50_000_000; // on the stack and in the memo, far above any state dict
    private const int LongestText = 1 << 20;
    private static readonly object Mark = new();
    private readonly List<object?> stack = [];
    private readonly Dictionary<long, object?> memo = [];
    private long steps;

    /// <summary>Reads one pickle.</summary>
    public object? Load()
    {
        stack.Clear();
        memo.Clear();
        while (true)
        {
            if (++steps > MostValues)
                throw new InvalidDataException("its pickle is too long for a state dict");
            var code = Byte();
            switch (code)
            {
                case 0x80: // PROTO
                    if (Byte() is var protocol && protocol is < 2 or > 5)
                        throw new InvalidDataException($"its pickle protocol is {protocol}");
                    break;
                case 0x95: Bytes(8); break; // FRAME
                case (byte)'.': return Pop(); // STOP
                case (byte)'(': stack.Add(Mark); break;
                case (byte)'0': Pop(); break;
                case (byte)'}': stack.Add(new Dictionary<object, object?>()); break;
                case (byte)']': stack.Add(new List<object?>()); break;
                case (byte)')': stack.Add(Array.Empty<object?>()); break;
                case (byte)'t': stack.Add(PopToMark().ToArray()); break;
                case 0x85: Tuple(1); break;
                case 0x86: Tuple(2); break;
                case 0x87: Tuple(3); break;
                case (byte)'l': stack.Add(PopToMark()); break;
                case (byte)'d': stack.Add(new Dictionary<object, object?>()); SetItems((Dictionary<object, object?>)stack[^1]!, PopToMarkBelowTop()); break;
                case (byte)'N': stack.Add(null); break;
                case 0x88: stack.Add(true); break;
                case 0x89: stack.Add(false); break;
                case (byte)'J': stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Bytes(4))); break;
                case (byte)'K': stack.Add((long)Byte()); break;
                case (byte)'M': stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2))); break;
                case 0x8A: stack.Add(Long(Byte())); break; // LONG1
                case (byte)'G': stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Bytes(8))); break;
                case (byte)'X': stack.Add(Text(BinaryPrimitives.ReadInt32LittleEndian(Bytes(4)))); break;
                case (byte)'T': stack.Add(Text(BinaryPrimitives.ReadInt32LittleEndian(Bytes(4)))); break;
                case 0x8C or (byte)'U': stack.Add(Text(Byte())); break;
                case (byte)'c': stack.Add(Allowed($"{Line()}.{Line()}")); break;
                case 0x93: var name = (string)Pop()!; stack.Add(Allowed($"{(string)Pop()!}.{name}")); break;
                case (byte)'q': memo[Byte()] = Top; break;
                case (byte)'r': memo[BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))] = Top; break;
                case 0x94: memo[memo.Count] = Top; break;
                case (byte)'h': stack.Add(memo[Byte()]); break;
                case (byte)'j': stack.Add(memo[BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))]); break;
                case (byte)'s': var value = Pop(); var key = Pop(); ((Dictionary<object, object?>)Top!)[Key(key)] = value; break;
                case (byte)'u': var items = PopToMark(); SetItems((Dictionary<object, object?>)Top!, items); break;
                case (byte)'a': var one = Pop(); ((List<object?>)Top!).Add(one); break;
                case (byte)'e': var more = PopToMark(); ((List<object?>)Top!).AddRange(more); break;
                case (byte)'Q': stack.Add(Storage((object?[])Pop()!)); break;
                case (byte)'R': var arguments = (object?[])Pop()!; stack.Add(Call((PickleGlobal)Pop()!, arguments)); break;
                case (byte)'b': Pop(); break; // BUILD: attributes of a dictionary, such as the _metadata of a state dict
                default: throw new InvalidDataException($"its pickle holds the instruction 0x{code:X2}, which a state dict does not need");
            }
        }
    }

    private object? Top => stack[^1];

    /// <summary>The names that a state dict needs.</summary>
    private static PickleGlobal Allowed(string name) =>
        name is "collections.OrderedDict" or "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_parameter" or "torch.Size" || StorageTypes.Of(name) is not null
            ? new(name)
            : throw new InvalidDataException($"its pickle asks for {name}, which is not executed here; save the state dict alone, with torch.save(model.state_dict(), path)");

    private static object? Call(PickleGlobal function, object?[] arguments) => function.Name switch
    {
        "collections.OrderedDict" when arguments.Length == 0 => new Dictionary<object, object?>(),
        "collections.OrderedDict" => Dictionary((List<object?>)arguments[0]!),
        "torch._utils._rebuild_tensor_v2" => new PickleTensor((PickleStorage)arguments[0]!, (long)arguments[1]!, Sizes(arguments[2]), Sizes(arguments[3])),
        "torch._utils._rebuild_parameter" => (PickleTensor)arguments[0]!,
        "torch.Size" => arguments[0],
        _ => throw new InvalidDataException($"its pickle calls {function.Name}"),
    };

    private static PickleStorage Storage(object?[] id) =>
        (string)id[0]! == "storage" ? new(((PickleGlobal)id[1]!).Name, (string)id[2]!, (long)id[4]!) : throw new InvalidDataException("its pickle refers to something that is no storage");

    private static long[] Sizes(object? tuple) => Array.ConvertAll((object?[])tuple!, size => (long)size!);

    private static Dictionary<object, object?> Dictionary(List<object?> pairs) => pairs.ToDictionary(pair => Key(((object?[])pair!)[0]), pair => ((object?[])pair!)[1]);

    private static void SetItems(Dictionary<object, object?> target, List<object?> items)
    {
        for (var i = 0; i + 1 < items.Count; i += 2)
            target[Key(items[i])] = items[i + 1];
    }

    private static object Key(object? key) => key is string or long ? key : throw new InvalidDataException("its pickle has a dictionary whose keys are no names");

    private void Tuple(int count)
    {
        var values = stack.GetRange(stack.Count - count, count).ToArray();
        stack.RemoveRange(stack.Count - count, count);
        stack.Add(values);
    }

    private object? Pop()
    {
        var value = stack[^1];
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private List<object?> PopToMark()
    {
        var mark = stack.FindLastIndex(value => ReferenceEquals(value, Mark));
        var values = stack.GetRange(mark + 1, stack.Count - mark - 1);
        stack.RemoveRange(mark, stack.Count - mark);
        return values;
    }

    private List<object?> PopToMarkBelowTop()
    {
        var top = Pop();
        var values = PopToMark();
        stack.Add(top);
        return values;
    }

    private byte Byte() => Bytes(1)[0];

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private string Text(int length) =>
        length is >= 0 and <= LongestText ? Encoding.UTF8.GetString(Bytes(length)) : throw new InvalidDataException($"its pickle holds a text of {length} bytes");

    private string Line()
    {
        var text = new StringBuilder();
        for (var next = Byte(); next != '\n'; next = Byte())
        {
            if (text.Length >= LongestText)
                throw new InvalidDataException("its pickle holds a name that does not end");
            text.Append((char)next);
        }
        return text.ToString();
    }

    /// <summary>A whole number of some bytes; one that is too large for a size or an offset is kept as −1, since torch's format number is one.</summary>
    private long Long(int count)
    {
        var bytes = Bytes(count);
        if (count > 8)
            return -1;
        var value = 0L;
        for (var i = 0; i < count; i++)
            value |= (long)bytes[i] << (8 * i);
        return count is > 0 and < 8 && bytes[^1] >= 0x80 ? value - (1L << (8 * count)) : value;
    }
}
