using System.Text.Json;
using Google.Protobuf;

namespace AnalogTorch.Models.Weights;

/// <summary>What is wrong with a file, in the file's own terms, to stand in brackets in a sentence.</summary>
internal sealed class FileFault(string reason) : Exception(reason)
{
    private const int LongestName = 60;

    /// <summary>A name from a file, fit to stand in a sentence.</summary>
    public static string Quoted(string? name)
    {
        var plain = string.Concat((name ?? "").Select(character => char.IsControl(character) || char.IsSurrogate(character) ? '?' : character));
        return plain.Length <= LongestName ? $"'{plain}'" : $"'{plain[..LongestName]}…'";
    }

    /// <summary>A shape from a file, fit to stand in a sentence.</summary>
    public static string Text(IReadOnlyList<long> shape) => shape.Count <= 8 ? $"[{string.Join(", ", shape)}]" : $"[{string.Join(", ", shape.Take(8))}, …]";

    /// <summary>The reason behind an exception that reading a file raised; null if the file is not to blame.</summary>
    public static string? ReasonOf(Exception exception) => exception switch
    {
        FileFault => exception.Message,
        EndOfStreamException => "it ends too early",
        JsonException => "its header is no valid JSON of the right names",
        InvalidProtocolBufferException => "it ends within a message, or its messages are not those of a model",
        System.Text.DecoderFallbackException => "it holds a name that is no text",
        InvalidDataException or NotSupportedException => "its archive is damaged, or packed in a way that is not read here",
        OverflowException or FormatException or ArgumentException or IndexOutOfRangeException or InvalidCastException or KeyNotFoundException
            or InvalidOperationException or NullReferenceException or System.Runtime.InteropServices.ExternalException => "what it says of its own structure cannot be",
        _ => null,
    };
}
