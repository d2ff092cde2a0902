using AnalogTorch.Core;
using System.Text;
using static TorchSharp.torch;

namespace AnalogTorch.Checkpoints;

/// <summary>The parameters and buffers of a model in a checkpoint, as TorchSharp's <c>Module.save</c> writes them.</summary>
internal static class ModelEntry
{
    /// <summary>Writes them.</summary>
    public static void Write(Stream output, IReadOnlyDictionary<string, Tensor> state)
    {
        output.Write(Count(state));
        foreach (var (name, tensor) in state)
        {
            output.Write(Head(name, tensor));
            TensorBytes.Write(output, tensor);
        }
    }

    /// <summary>Bytes that <see cref="Write"/> makes.</summary>
    public static long Length(IReadOnlyDictionary<string, Tensor> state) =>
        Count(state).Length + state.Sum(entry => Head(entry.Key, entry.Value).Length + TensorHeader.Of(entry.Value).Bytes);

    /// <summary>Reads values for a model into tensors of their own, in the caller's dispose scope; each must have a name, a type and a shape of the model's.</summary>
    public static List<(Tensor Target, Tensor Values)> Read(Stream input, IReadOnlyDictionary<string, Tensor> state)
    {
        if (!Same(input, Count(state)))
            throw Unfit("another number of tensors");
        var heads = state.ToDictionary(entry => entry.Key, entry => Head(entry.Key, entry.Value), StringComparer.Ordinal);
        var longest = heads.Keys.Select(Encoding.UTF8.GetByteCount).DefaultIfEmpty().Max();
        var read = new List<(Tensor, Tensor)>(state.Count);
        for (var i = 0; i < state.Count; i++)
        {
            if (!Leb128.TryRead(input.ReadByte, out var length) || length > longest)
                throw Unfit("a name that the model does not have");
            var bytes = new byte[length];
            input.ReadExactly(bytes);
            var name = Encoding.UTF8.GetString(bytes);
            if (!heads.Remove(name, out var head))
                throw Unfit($"{Quotation.Of(name)}, which the model does not have or the file has already");
            if (!Same(input, head.AsSpan(head.Length - TensorHeader.Of(state[name]).Encoded().Length)))
                throw Unfit($"{Quotation.Of(name)} in another type or shape than the model's {TensorHeader.Of(state[name])}");
            read.Add((state[name], TensorBytes.Read(input, TensorHeader.Of(state[name]))));
        }
        return read;
    }

    private static CheckpointFault Unfit(string what) => new($"does not fit the model: its tensors hold {what}", "build and convert the model as it was when it was saved");

    private static bool Same(Stream input, ReadOnlySpan<byte> expected)
    {
        var found = new byte[expected.Length];
        input.ReadExactly(found);
        return expected.SequenceEqual(found);
    }

    private static byte[] Count(IReadOnlyDictionary<string, Tensor> state)
    {
        var bytes = new List<byte>();
        Leb128.Write(bytes, state.Count);
        return [.. bytes];
    }

    private static byte[] Head(string name, Tensor tensor)
    {
        var (bytes, text) = (new List<byte>(), Encoding.UTF8.GetBytes(name));
        Leb128.Write(bytes, text.Length);
        return [.. bytes, .. text, .. TensorHeader.Of(tensor).Encoded()];
    }
}
