using System.Text.RegularExpressions;

namespace AnalogTorch.Examples.Torture;

/// <summary>What every refusal of a file is: one sentence about the file, without the vocabulary of .NET.</summary>
internal static partial class Sentence
{
    private static readonly string[] Vocabulary =
    [
        "BytePosition", "LineNumber", "JsonReader", "Unable to", "cast object", "Object reference", "Nullable", "System.", "Parameter '", "(Parameter", "Index was", "out of range of valid", "beyond the end",
        "Arithmetic operation", "same key", "given key", "Central Directory", "Exception", "Specified argument", "sequence contains", "Offset and length", "isFinalBlock", "deserializ", ".NET", "discriminator",
        "Mismatched tensor", "Non-negative number", "string was not", "Enumeration", "Stream was",
    ];

    /// <summary>What is wrong with a message; null if nothing is.</summary>
    /// <param name="message">The message.</param>
    /// <param name="path">What it must name; null for nothing.</param>
    public static string? Fault(string message, string? path = null)
    {
        if (path is not null && !message.Contains(path, StringComparison.Ordinal))
            return $"does not name {path}: {message}";
        if (message.Any(char.IsControl))
            return $"is of several lines: {message}";
        if (!message.EndsWith('.') || SecondSentence().IsMatch(path is null ? message : message.Replace(path, "", StringComparison.Ordinal)))
            return $"is not one sentence: {message}";
        if (message.Length >= 1000)
            return $"has {message.Length} characters: {message[..200]}";
        return Vocabulary.FirstOrDefault(word => message.Contains(word, StringComparison.OrdinalIgnoreCase)) is { } word ? $"has '{word}', a word of .NET's: {message}" : null;
    }

    [GeneratedRegex(@"[a-z)]\. +[A-Z]")]
    private static partial Regex SecondSentence();
}
