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
/// need. Any other opcode, and any name that is not on the list, is refused. What the values take in memory, estimated, may be four times the file and 16 MB.
/// </remarks>
/// <param name="stream">The pickle.</param>
/// <param name="length">Length of the file that it is in.</param>
internal sealed class Pickle(Stream stream, long length)
{
    private const int LongestText = 1 << 20, MostDimensions = 64;
    private const int Step = 8, Value = 24, Memo = 48, Container = 56, Pair = 48, Reference = 8; // bytes that each takes, or a little more
    private static readonly object Mark = new();
    private readonly List<object?> stack = [];
    private readonly Dictionary<long, object?> memo = [];
    private long budget = 4 * length + (16 << 20);

    /// <summary>Reads one pickle.</summary>
    public object? Load()
    {
        stack.Clear();
        memo.Clear();
        while (true)
        {
            Take(Step);
            var code = Byte();
            switch (code)
            {
                case 0x80: // PROTO
                    if (Byte() is var protocol && protocol is < 2 or > 5)
                        throw new FileFault($"its pickle protocol is {protocol}");
                    break;
                case 0x95: Bytes(8); break; // FRAME
                case (byte)'.': return Pop(); // STOP
                case (byte)'(': Push(Mark); break;
                case (byte)'0': Pop(); break;
                case (byte)'}': Push(NewDictionary(0)); break;
                case (byte)']': Push(NewList()); break;
                case (byte)')': Push(Array.Empty<object?>()); break;
                case (byte)'t': Push(PopToMark().ToArray()); break;
                case 0x85: Tuple(1); break;
                case 0x86: Tuple(2); break;
                case 0x87: Tuple(3); break;
                case (byte)'l': Push(PopToMark()); break;
                case (byte)'d': Push(NewDictionary(0)); SetItems((Dictionary<object, object?>)Top!, PopToMarkBelowTop()); break;
                case (byte)'N': Push(null); break;
                case 0x88: Push(true); break;
                case 0x89: Push(false); break;
                case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Bytes(4))); break;
                case (byte)'K': Push((long)Byte()); break;
                case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2))); break;
                case 0x8A: Push(Long(Byte())); break; // LONG1
                case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Bytes(8))); break;
                case (byte)'X': Push(Text(BinaryPrimitives.ReadInt32LittleEndian(Bytes(4)))); break;
                case (byte)'T': Push(Text(BinaryPrimitives.ReadInt32LittleEndian(Bytes(4)))); break;
                case 0x8C or (byte)'U': Push(Text(Byte())); break;
                case (byte)'c': Push(Allowed($"{Line()}.{Line()}")); break;
                case 0x93: var name = (string)Pop()!; Push(Allowed($"{(string)Pop()!}.{name}")); break;
                case (byte)'q': Remember(Byte()); break;
                case (byte)'r': Remember(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))); break;
                case 0x94: Remember(memo.Count); break;
                case (byte)'h': Push(memo[Byte()]); break;
                case (byte)'j': Push(memo[BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))]); break;
                case (byte)'s': var value = Pop(); var key = Pop(); SetItems((Dictionary<object, object?>)Top!, [key, value]); break;
                case (byte)'u': var items = PopToMark(); SetItems((Dictionary<object, object?>)Top!, items); break;
                case (byte)'a': var one = Pop(); ((List<object?>)Top!).Add(one); break;
                case (byte)'e': var more = PopToMark(); ((List<object?>)Top!).AddRange(more); break;
                case (byte)'Q': Push(Storage((object?[])Pop()!)); break;
                case (byte)'R': var arguments = (object?[])Pop()!; Push(Call((PickleGlobal)Pop()!, arguments)); break;
                case (byte)'b': Pop(); break; // BUILD: attributes of a dictionary, such as the _metadata of a state dict
                default: throw new FileFault($"its pickle holds the instruction 0x{code:X2}, which a state dict does not need");
            }
        }
    }

    private object? Top => stack[^1];

    /// <summary>The names that a state dict needs.</summary>
    private static PickleGlobal Allowed(string name) =>
        name is "collections.OrderedDict" or "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_parameter" or "torch.Size" || StorageTypes.Of(name) is not null
            ? new(name)
            : throw new FileFault($"its pickle asks for {FileFault.Quoted(name)[1..^1]}, which is not executed here; save the state dict alone, with torch.save(model.state_dict(), path)");

    private object? Call(PickleGlobal function, object?[] arguments) => function.Name switch
    {
        "collections.OrderedDict" when arguments.Length == 0 => NewDictionary(0),
        "collections.OrderedDict" => Dictionary((List<object?>)arguments[0]!),
        "torch._utils._rebuild_tensor_v2" => new PickleTensor((PickleStorage)arguments[0]!, (long)arguments[1]!, Sizes(arguments[2]), Sizes(arguments[3])),
        "torch._utils._rebuild_parameter" => (PickleTensor)arguments[0]!,
        "torch.Size" => arguments[0],
        _ => throw new FileFault($"its pickle calls {function.Name}"),
    };

    private static PickleStorage Storage(object?[] id) =>
        (string)id[0]! == "storage" ? new(((PickleGlobal)id[1]!).Name, (string)id[2]!, (long)id[4]!) : throw new FileFault("its pickle refers to something that is no storage");

    private static long[] Sizes(object? tuple) => tuple is object?[] { Length: <= MostDimensions } sizes
        ? Array.ConvertAll(sizes, size => (long)size!)
        : throw new FileFault($"its pickle has a tensor whose shape is no tuple of up to {MostDimensions} numbers");

    private Dictionary<object, object?> Dictionary(List<object?> pairs)
    {
        var dictionary = NewDictionary(pairs.Count);
        foreach (var pair in pairs)
            dictionary.Add(Key(((object?[])pair!)[0]), ((object?[])pair!)[1]);
        return dictionary;
    }

    private void SetItems(Dictionary<object, object?> target, List<object?> items)
    {
        Take(items.Count / 2 * Pair);
        for (var i = 0; i + 1 < items.Count; i += 2)
            target[Key(items[i])] = items[i + 1];
    }

    private Dictionary<object, object?> NewDictionary(int pairs)
    {
        Take(2 * Container + (long)pairs * Pair);
        return new(KeyComparer.Instance);
    }

    private List<object?> NewList()
    {
        Take(Container);
        return [];
    }

    /// <summary>Takes from what the values may have of memory.</summary>
    private void Take(long bytes)
    {
        if ((budget -= bytes) < 0)
            throw new FileFault("its pickle holds far more values than a state dict of its length");
    }

    private void Push(object? value)
    {
        Take(Value);
        stack.Add(value);
    }

    private void Remember(long key)
    {
        Take(Memo);
        memo[key] = Top;
    }

    private static object Key(object? key) => key is string or long ? key : throw new FileFault("its pickle has a dictionary whose keys are no names");

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
        Take(Container + (long)values.Count * Reference);
        return values;
    }

    private List<object?> PopToMarkBelowTop()
    {
        var top = Pop();
        var values = PopToMark();
        stack.Add(top);
        return values;
    }

    private byte Byte() => stream.ReadByte() is >= 0 and var next ? (byte)next : throw new EndOfStreamException();

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private string Text(int bytes)
    {
        if (bytes is < 0 or > LongestText)
            throw new FileFault($"its pickle holds a text of {bytes} bytes");
        Take(2L * bytes);
        return Encoding.UTF8.GetString(Bytes(bytes));
    }

    private string Line()
    {
        var text = new StringBuilder();
        for (var next = Byte(); next != '\n'; next = Byte())
        {
            if (text.Length >= LongestText)
                throw new FileFault("its pickle holds a name that does not end");
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

    /// <summary>Compares keys so that no file can choose ones that all fall into one place of a table.</summary>
    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        public new bool Equals(object? x, object? y) => object.Equals(x, y);

        public int GetHashCode(object key) => key is long number ? HashCode.Combine(number) : key.GetHashCode();
    }
}
