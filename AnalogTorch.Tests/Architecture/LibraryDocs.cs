using System.Text.RegularExpressions;
using System.Xml.Linq;
using AnalogTorch.Core;

namespace AnalogTorch.Tests.Architecture;

/// <summary>The XML documentation that the compiler wrote for the library.</summary>
internal static partial class LibraryDocs
{
    private static readonly Dictionary<string, XElement> Members = XDocument
        .Load(Path.ChangeExtension(typeof(HardwareConfig).Assembly.Location, ".xml"))
        .Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);

    /// <summary>Summary of a member such as <c>T:Namespace.Type</c> in one line; empty if there is none.</summary>
    public static string Summary(string member) => Part(member, "summary");

    /// <summary>Remarks of a member in one line; empty if there are none.</summary>
    public static string Remarks(string member) => Part(member, "remarks");

    private static string Part(string member, string part)
    {
        if (!Members.TryGetValue(member, out var doc) || doc.Element(part) is not { } element)
            return "";
        var text = string.Concat(element.DescendantNodes().Select(node => node switch
        {
            XText { Parent.Name.LocalName: "c" } code => $"`{code.Value}`",
            XText words => words.Value,
            XElement { Name.LocalName: "see" } see => see.Attribute("cref") is { } cref ? $"`{cref.Value[(cref.Value.LastIndexOfAny(['.', ':']) + 1)..]}`" : "",
            _ => "",
        }));
        return Spaces().Replace(text, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
