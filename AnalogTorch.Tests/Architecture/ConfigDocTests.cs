using System.Reflection;
using System.Text.RegularExpressions;
using AnalogTorch.Core;

namespace AnalogTorch.Tests.Architecture;

/// <summary>Every property of every config says what it is in physics, and in which unit.</summary>
public partial class ConfigDocTests
{
    public static TheoryData<string> Configs => new(
        typeof(HardwareConfig).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(HardwareConfig)) && type.IsPublic).Select(type => type.FullName!).Order());

    [Theory]
    [MemberData(nameof(Configs))]
    public void TypeAndPropertiesAreDocumented(string name)
    {
        var type = typeof(HardwareConfig).Assembly.GetType(name)!;
        Assert.True(LibraryDocs.Summary($"T:{name}").Length > 0, $"{name} has no summary.");
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(IsSetting))
        {
            var summary = LibraryDocs.Summary($"P:{name}.{property.Name}");
            Assert.True(summary.Length > 0, $"{name}.{property.Name} has no summary.");
            Assert.False(Restates(summary, property.Name), $"{name}.{property.Name}: '{summary}' only restates the name.");
        }
    }

    [Theory]
    [MemberData(nameof(Configs))]
    public void NumbersHaveUnits(string name) =>
        Assert.All(
            typeof(HardwareConfig).Assembly.GetType(name)!.GetProperties().Where(property => IsSetting(property) && IsNumber(property.PropertyType)),
            property => Assert.True(
                property.GetCustomAttribute<UnitAttribute>() is { Symbol.Length: > 0 }, $"{name}.{property.Name} is a number without [Unit]."));

    [Theory]
    [InlineData("Gets or sets the sheet resistance.", "SheetResistance", true)]
    [InlineData("The resolution.", "Resolution", true)]
    [InlineData("Resolution (b).", "Resolution", true)]
    [InlineData("Resolution of the converter in bits.", "Resolution", false)]
    [InlineData("Number of slots in a train (BL).", "BitLength", false)]
    public void TheCheckKnowsARestatement(string summary, string name, bool restates) => Assert.Equal(restates, Restates(summary, name));

    private static bool IsSetting(PropertyInfo property) => property.CanWrite && property.Name != "EqualityContract";

    private static bool IsNumber(Type type) => type.IsPrimitive && type != typeof(bool) && type != typeof(char);

    /// <summary>Whether a summary holds nothing but the words of the name, articles, and a symbol in parentheses.</summary>
    private static bool Restates(string summary, string name)
    {
        if (summary.StartsWith("Gets ", StringComparison.Ordinal) || summary.StartsWith("Sets ", StringComparison.Ordinal))
            return true;
        var nameWords = Humps().Matches(name).Select(match => match.Value.ToLowerInvariant()).ToHashSet();
        string[] empty = ["the", "a", "an", "of", "this", "is", "value", "property"];
        return Words().Matches(Parentheses().Replace(summary, "")).Select(match => match.Value.ToLowerInvariant()).All(word => nameWords.Contains(word) || empty.Contains(word));
    }

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")]
    private static partial Regex Humps();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Words();

    [GeneratedRegex(@"\([^)]*\)")]
    private static partial Regex Parentheses();
}
