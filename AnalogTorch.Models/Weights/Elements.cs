using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>Sizes of element types, and tensors from bytes.</summary>
internal static class Elements
{
    /// <summary>Tensors of a file, far above any model, so that what a file tells of them stays in proportion.</summary>
    public const int MostTensors = 200_000;

    private const int MostDimensions = 64, Portion = 1 << 16;
    private const long MostElements = 1L << 48;

    /// <summary>Bytes of an element.</summary>
    public static int Size(ScalarType type) => type switch
    {
        ScalarType.Float64 or ScalarType.Int64 => 8,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Int16 => 2,
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
        _ => throw new FileFault($"elements of type {type} are not read here"),
    };

    /// <summary>Bytes of a tensor.</summary>
    /// <exception cref="FileFault">No tensor has such a shape.</exception>
    public static long Bytes(WeightEntry entry)
    {
        if (entry.Shape.Count > MostDimensions)
            throw new FileFault($"{FileFault.Quoted(entry.Name)} has {entry.Shape.Count} dimensions, of which a tensor has {MostDimensions} at most");
        var elements = Int128.One;
        foreach (var size in entry.Shape)
            elements = size is >= 0 and <= MostElements && elements <= MostElements ? elements * size : MostElements + 1;
        if (elements > MostElements)
            throw new FileFault($"{FileFault.Quoted(entry.Name)} has the shape {FileFault.Text(entry.Shape)}, which no tensor has");
        return (long)elements * Size(entry.Type);
    }

    /// <summary>Refuses one tensor more than a file may have.</summary>
    public static void CheckCount(int tensors)
    {
        if (tensors > MostTensors)
            throw new FileFault($"it is said to hold more than {MostTensors} tensors");
    }

    /// <summary>Reads a contiguous tensor from where the stream is.</summary>
    public static Tensor Read(Stream stream, IReadOnlyList<long> shape, ScalarType type)
    {
        var tensor = torch.empty([.. shape], dtype: type);
        try
        {
            tensor.ReadBytesFromStream(stream, Portion);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Writes a tensor's elements, in row-major order.</summary>
    public static void Write(Stream stream, Tensor values)
    {
        using var scope = NewDisposeScope();
        values.detach().cpu().contiguous().WriteBytesToStream(stream, Portion);
    }
}
