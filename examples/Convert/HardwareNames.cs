using System.Reflection;
using System.Text.RegularExpressions;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;

namespace AnalogTorch.Examples.Convert;

/// <summary>The presets of whole layers, by the names that a command line has for them.</summary>
internal static partial class HardwareNames
{
    /// <summary>All presets: <c>MspLsp</c> is <c>msp-lsp</c>.</summary>
    public static IReadOnlyDictionary<string, LayerHardware> All { get; } = typeof(PcmPresets).Assembly.GetTypes()
        .Where(type => type.Namespace == typeof(PcmPresets).Namespace)
        .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Static))
        .Where(property => property.PropertyType.IsAssignableTo(typeof(LayerHardware)))
        .OrderBy(property => property.Name, StringComparer.Ordinal)
        .ToDictionary(property => Humps().Replace(property.Name, "-").ToLowerInvariant(), property => (LayerHardware)property.GetValue(null)!);

    /// <summary>A preset by name.</summary>
    public static LayerHardware Find(string name) =>
        All.TryGetValue(name, out var hardware) ? hardware : throw new UsageException($"--hardware must be one of {string.Join(", ", All.Keys)}, but is '{name}'.");

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex Humps();
}
