using System.Text.RegularExpressions;

namespace AnalogTorch.Tests.Fuzzing;

/// <summary>What every refusal of a file is: one sentence about the file, without the vocabulary of .NET.</summary>
internal static partial class Sentence
{
    private static readonly string[] Vocabulary =
    [
        "BytePosition", "LineNumber", "JsonReader", "Unable to", "cast object", "Object reference", "Nullable", "System.", "Parameter '", "(Parameter", "Index was", "out of range of valid", "beyond the end",
        "Arithmetic operation", "same key", "given key", "Central Directory", "Exception", "Specified argument", "sequence contains", "Offset and length", "isFinalBlock", "deserializ", ".NET", "discriminator",
        "Mismatched tensor", "Non-negative number", "string was not", "Enumeration", "Stream was",
    ];

    public static void Check(string message, string? path = null)
    {
        if (path is not null)
            Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, character => char.IsControl(character));
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        Assert.DoesNotMatch(SecondSentence(), path is null ? message : message.Replace(path, "", StringComparison.Ordinal));
        Assert.True(message.Length < 1000, $"{message.Length} characters: {message[..Math.Min(message.Length, 200)]}");
        foreach (var word in Vocabulary)
            Assert.False(message.Contains(word, StringComparison.OrdinalIgnoreCase), $"'{word}' is a word of .NET's: {message}");
    }

    [GeneratedRegex(@"[a-z)]\. +[A-Z]")]
    private static partial Regex SecondSentence();
}
