using static TorchSharp.torch;

namespace AnalogTorch.Checkpoints;

/// <summary>Elements of tensors to and from streams, a portion at a time.</summary>
internal static class TensorBytes
{
    /// <summary>Bytes that are on their way at a time.</summary>
    public const int Portion = 1 << 16;

    /// <summary>Writes a tensor's elements, in row-major order.</summary>
    public static void Write(Stream stream, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        tensor.detach().cpu().contiguous().WriteBytesToStream(stream, Portion);
    }

    /// <summary>A tensor in host memory of the caller's, from the elements that a stream gives.</summary>
    /// <exception cref="EndOfStreamException">The stream ends before.</exception>
    public static Tensor Read(Stream stream, TensorHeader header)
    {
        var tensor = empty(header.Shape, dtype: header.Type, device: CPU);
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
}
