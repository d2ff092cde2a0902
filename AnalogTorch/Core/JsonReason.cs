using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AnalogTorch.Core;

/// <summary>Why a config's text was refused, in the terms of the text.</summary>
internal static partial class JsonReason
{
    /// <summary>A sentence for an exception that reading raised.</summary>
    public static string Of(Exception exception) => exception switch
    {
        // A guard's sentence names the member already; the parameter that .NET appends says it again.
        ArgumentException when exception.Message.Contains(" must ", StringComparison.Ordinal) => WithoutParameter(exception.Message),
        JsonException { InnerException: JsonException } json => $"it is no valid JSON{Line(json.LineNumber)}.",
        JsonException json => Member(json.Message, json.Path, json.LineNumber),
        NotSupportedException => Member(exception.Message, PathPattern().Match(exception.Message).Groups["path"].Value, null),
        _ => "what it says cannot be.",
    };

    private static string Member(string message, string? path, long? line)
    {
        var (name, at) = (Quotation.Of(NamePattern().Match(message).Groups["name"].Value), path is null or "" or "$" ? "" : $" at {Plain(path)}");
        return message switch
        {
            _ when message.Contains("unrecognized type discriminator", StringComparison.Ordinal) => $"there is no kind {name}{at}{Line(line)}.",
            _ when message.Contains("could not be mapped", StringComparison.Ordinal) => $"there is no member {name}{Line(line)}.",
            _ when message.Contains("uplicate", StringComparison.Ordinal) => $"there is a member twice{at}{Line(line)}.",
            _ when message.Contains("discriminator", StringComparison.Ordinal) || message.Contains("metadata", StringComparison.Ordinal) => $"the kind is missing, or no text{at}{Line(line)}.",
            _ => $"the value{at}{Line(line)} is none that stands there: {Expected(message)}.",
        };
    }

    private static string Expected(string message) => message switch
    {
        _ when message.Contains("System.Double", StringComparison.Ordinal) || message.Contains("System.Single.", StringComparison.Ordinal) => "it must be a number",
        _ when message.Contains("System.Int", StringComparison.Ordinal) => "it must be a whole number in its range",
        _ when message.Contains("System.Boolean", StringComparison.Ordinal) => "it must be true or false",
        _ when message.Contains("System.String", StringComparison.Ordinal) => "it must be a text",
        _ when message.Contains("[]", StringComparison.Ordinal) => "it must be a list of numbers",
        _ => "it must be one of the values, or an object with a kind, that the member takes",
    };

    private static string Line(long? line) => line is { } number ? string.Create(CultureInfo.InvariantCulture, $" in line {number + 1}") : "";

    private static string Plain(string text) => Quotation.Plain(text.StartsWith("$.", StringComparison.Ordinal) ? text[2..] : text);

    private static string WithoutParameter(string message) =>
        message.IndexOf(" (Parameter '", StringComparison.Ordinal) is >= 0 and var end ? message[..end] : message;

    [GeneratedRegex("(?:id|property|metadata property) '(?<name>[^']*)'", RegexOptions.Singleline)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"Path: (?<path>.*) \| LineNumber")]
    private static partial Regex PathPattern();
}
