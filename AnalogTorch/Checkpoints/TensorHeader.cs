using static TorchSharp.torch;

namespace AnalogTorch.Checkpoints;

/// <summary>What stands before a tensor's elements: its type and its shape, each as <see cref="Leb128"/> numbers.</summary>
internal sealed record TensorHeader(ScalarType Type, long[] Shape)
{
    private const int MostDimensions = 64;
    private const long MostElements = 1L << 48;

    /// <summary>Bytes of the elements.</summary>
    public long Bytes => Elements(Shape) * SizeOf(Type);

    public static TensorHeader Of(Tensor tensor) => new(tensor.dtype, tensor.shape);

    /// <summary>The header as bytes.</summary>
    public byte[] Encoded()
    {
        var bytes = new List<byte>();
        Leb128.Write(bytes, (long)Type);
        Leb128.Write(bytes, Shape.Length);
        foreach (var size in Shape)
            Leb128.Write(bytes, size);
        return [.. bytes];
    }

    /// <summary>Reads a header; false if the bytes end, or make none.</summary>
    public static bool TryRead(Func<int> next, out TensorHeader header)
    {
        header = new(ScalarType.Float32, []);
        if (!Leb128.TryRead(next, out var type) || type > sbyte.MaxValue || SizeOf((ScalarType)type) == 0 || !Leb128.TryRead(next, out var dimensions) || dimensions > MostDimensions)
            return false;
        var shape = new long[dimensions];
        for (var d = 0; d < dimensions; d++)
            if (!Leb128.TryRead(next, out shape[d]))
                return false;
        header = new((ScalarType)type, shape);
        return Elements(shape) >= 0;
    }

    /// <summary>As text, such as "Float32 [3, 4]".</summary>
    public override string ToString() => $"{Type} [{string.Join(", ", Shape)}]";

    /// <summary>Number of elements; −1 if there are more than a tensor can have.</summary>
    public static long Elements(IEnumerable<long> shape)
    {
        var elements = Int128.One;
        foreach (var size in shape)
        {
            if (size is < 0 or > MostElements)
                return -1;
            elements *= size;
            if (elements > MostElements)
                return -1;
        }
        return (long)elements;
    }

    private static int SizeOf(ScalarType type) => type switch
    {
        ScalarType.ComplexFloat64 => 16,
        ScalarType.Float64 or ScalarType.Int64 or ScalarType.ComplexFloat32 => 8,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Int16 => 2,
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
        _ => 0,
    };
}
