namespace AnalogTorch.Core;

/// <summary>Text from a file, fit to stand in a sentence.</summary>
internal static class Quotation
{
    private const int Longest = 60;

    /// <summary>The text in quotation marks, short, on one line.</summary>
    public static string Of(string text) => $"'{Plain(text)}'";

    /// <summary>The same without the marks.</summary>
    public static string Plain(string text)
    {
        var plain = string.Concat(text.Take(Longest + 1).Select(character => char.IsControl(character) || char.IsSurrogate(character) ? '?' : character));
        return plain.Length <= Longest ? plain : $"{plain[..Longest]}…";
    }
}
