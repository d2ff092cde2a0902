using AnalogTorch.Tests.Architecture;
using System.Globalization;
using System.Reflection;
using System.Text;
using AnalogTorch.Core;

namespace AnalogTorch.Tests.Docs;

/// <summary>The page that lists every variant of every config family, made from the code and its comments.</summary>
internal static class CatalogPage
{
    public static string Write()
    {
        var page = new StringBuilder();
        page.Append("# Catalog\n\nEvery piece of hardware that the library simulates, made from the code and its comments. A name in bold is the\n");
        page.Append("`\"kind\"` in JSON; a value is the default. SI units; `w` is normalised weight, `1` a pure number.\n");
        foreach (var family in Families())
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {family.Name}\n\n{LibraryDocs.Summary($"T:{family.FullName}")}\n");
            foreach (var variant in Catalog.Variants(family).Where(variant => IsOfLibrary(variant) && FamilyOf(variant) == family))
                Describe(page, variant);
        }
        return page.ToString();
    }

    private static IEnumerable<Type> Families() => Catalog.Variants<HardwareConfig>()
        .Where(IsOfLibrary)
        .Select(FamilyOf).Distinct().OrderBy(family => family.Namespace, StringComparer.Ordinal).ThenBy(family => family.Name, StringComparer.Ordinal);

    /// <summary>Whether a variant is the library's own, and not one that tests have beside it.</summary>
    private static bool IsOfLibrary(Type variant) => variant.Assembly == typeof(HardwareConfig).Assembly;

    /// <summary>The type directly below <see cref="HardwareConfig"/>: a family, or a variant that stands alone.</summary>
    private static Type FamilyOf(Type variant)
    {
        while (variant.BaseType != typeof(HardwareConfig))
            variant = variant.BaseType!;
        return variant;
    }

    private static void Describe(StringBuilder page, Type variant)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n**{variant.Name}**");
        if (FamilyOf(variant) != variant)
            page.Append(CultureInfo.InvariantCulture, $" — {LibraryDocs.Summary($"T:{variant.FullName}")}");
        page.Append('\n');
        if (LibraryDocs.Remarks($"T:{variant.FullName}") is { Length: > 0 } remarks)
            page.Append(CultureInfo.InvariantCulture, $"\n{remarks}\n");
        var settings = variant.GetProperties().Where(property => property.CanWrite && property.Name != "EqualityContract").OrderBy(property => property.MetadataToken).ToArray();
        if (settings.Length == 0)
            return;
        var defaults = Activator.CreateInstance(variant)!;
        page.Append("\n| parameter | default | meaning |\n|---|---|---|\n");
        foreach (var setting in settings)
        {
            var value = Value(setting.GetValue(defaults)!, setting.GetCustomAttribute<UnitAttribute>()?.Symbol);
            page.Append(CultureInfo.InvariantCulture, $"| `{setting.Name}` | {value} | {LibraryDocs.Summary($"P:{setting.DeclaringType!.FullName}.{setting.Name}")} |\n");
        }
    }

    private static string Value(object value, string? unit) => value switch
    {
        IConvertible number when unit is "1" or null => Convert.ToString(number is double d ? Math.Round(d, 10) : number, CultureInfo.InvariantCulture)!,
        IConvertible number when unit == "w" => $"{number.ToDouble(CultureInfo.InvariantCulture).ToString("G6", CultureInfo.InvariantCulture)} w",
        IConvertible number => Units.Format(number.ToDouble(CultureInfo.InvariantCulture), unit!),
        HardwareConfig config => $"`{config.GetType().Name}`",
        System.Collections.ICollection list => $"{list.Count} numbers",
        System.Collections.IEnumerable list => $"{list.Cast<object>().Count()} numbers",
        _ => value.ToString()!,
    };
}
