using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace AnalogTorch.Examples;

/// <summary>Options whose bad values are answered by one sentence: name, rule, value.</summary>
public static class Cli
{
    /// <summary>A whole number in [min, max].</summary>
    public static Option<T> Integer<T>(string name, string description, T value, T min, T max)
        where T : struct, IBinaryInteger<T> =>
        Parsed(name, $"{description} [{min} … {max}]", "N", value, text =>
            T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
                ? (number, null)
                : (default, $"{name} must be a whole number in [{min}, {max}], but is '{text}'."));

    /// <summary>A whole number in [min, max], or null where it is not given.</summary>
    /// <param name="name">Name of the option.</param>
    /// <param name="description">What it is.</param>
    /// <param name="otherwise">What is taken where it is not given.</param>
    /// <param name="min">Least value.</param>
    /// <param name="max">Largest value.</param>
    public static Option<int?> Optional(string name, string description, string otherwise, int min, int max) => new(name)
    {
        Description = $"{description} [{min} … {max}] (default: {otherwise})",
        HelpName = "N",
        CustomParser = result => int.TryParse(Single(result), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : Reject<int?>(result, $"{name} must be a whole number in [{min}, {max}], but is '{Single(result)}'."),
    };

    /// <summary>A number in [min, max].</summary>
    public static Option<double> Number(string name, string description, double value, double min, double max) =>
        Parsed(name, FormattableString.Invariant($"{description} [{min} … {max}]"), "X", value, text =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
                ? (number, null)
                : (0.0, FormattableString.Invariant($"{name} must be a number in [{min}, {max}], but is '{text}'.")));

    /// <summary>Numbers in [min, max], with commas between them.</summary>
    public static Option<IReadOnlyList<double>> Numbers(string name, string description, IReadOnlyList<double> value, double min, double max) =>
        Parsed(name, FormattableString.Invariant($"{description} [{min} … {max}]"), "X,…", value, text =>
        {
            var numbers = new List<double>();
            foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
            {
                if (!double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !(number >= min && number <= max))
                    return (value, FormattableString.Invariant($"{name} must be numbers in [{min}, {max}] with commas between them, but has '{part}'."));
                numbers.Add(number);
            }
            return ((IReadOnlyList<double>)[.. numbers.Distinct().Order()], null);
        });

    /// <summary>One of a few names; the first is the default.</summary>
    public static Option<string> Choice(string name, string description, params string[] choices)
    {
        var list = string.Join(", ", choices);
        var option = Parsed(name, $"{description}: {list}", "NAME", choices[0], text =>
            choices.Contains(text) ? (text, null) : (choices[0], $"{name} must be one of {list}, but is '{text}'."));
        option.CompletionSources.Add(choices);
        return option;
    }

    /// <summary>Some of a few names, with commas between them.</summary>
    public static Option<IReadOnlyList<string>> Choices(string name, string description, IReadOnlyList<string> value, params string[] choices)
    {
        var list = string.Join(", ", choices);
        var option = Parsed<IReadOnlyList<string>>(name, $"{description}: {list}", "NAME,…", value, text =>
        {
            var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().ToArray();
            var unknown = names.Length == 0 ? text : names.FirstOrDefault(name => !choices.Contains(name));
            return unknown is null ? (names, null) : (value, $"{name} must be made of {list}, but has '{unknown}'.");
        });
        option.CompletionSources.Add(choices);
        return option;
    }

    /// <summary>Present or not.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>The path of a folder, or null where it is not given.</summary>
    public static Option<string?> Folder(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DIR",
        CustomParser = result => Single(result) is { Length: > 0 } text ? text : Reject<string?>(result, $"{name} must be a folder, but is empty."),
    };

    /// <summary>The path of a file, or null where it is not given.</summary>
    public static Option<string?> File(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "FILE",
        CustomParser = result => Single(result) is { Length: > 0 } text && System.IO.File.Exists(text) ? text : Reject<string?>(result, $"{name} must be a file that exists, but is '{Single(result)}'."),
    };

    private static Option<T> Parsed<T>(string name, string description, string helpName, T value, Func<string, (T Value, string? Error)> parse) => new(name)
    {
        Description = description,
        HelpName = helpName,
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            var (parsed, error) = parse(Single(result));
            return error is null ? parsed : Reject<T>(result, error);
        },
    };

    private static string Single(ArgumentResult result) => result.Tokens is [.., var token] ? token.Value : "";

    private static T? Reject<T>(ArgumentResult result, string error)
    {
        result.AddError(error);
        return default;
    }
}
