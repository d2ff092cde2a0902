using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace AnalogTorch.Core;

/// <summary>Configs as JSON text and back; the round trip gives an equal config.</summary>
/// <remarks>A member of an abstract family carries its variant's name as <c>"kind"</c>, taken from <see cref="Catalog"/>.</remarks>
public static class ConfigJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        AllowDuplicateProperties = false,
        AllowOutOfOrderMetadataProperties = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { NameVariants, OnlySettable } },
    };

    /// <summary>The config as indented JSON, its own variant named by <c>"kind"</c>.</summary>
    public static string Write(HardwareConfig config) => JsonSerializer.Serialize(config, Options);

    /// <summary>Reads a config that <see cref="Write"/> wrote, or that was written by hand.</summary>
    /// <exception cref="InvalidDataException">The text is no JSON, names an unknown variant or member, or a value is out of range.</exception>
    public static TConfig Read<TConfig>(string json) where TConfig : HardwareConfig
    {
        try
        {
            return JsonSerializer.Deserialize<HardwareConfig>(json, Options) switch
            {
                TConfig config => config,
                null => throw new InvalidDataException($"The config must be a {typeof(TConfig).Name}, but the JSON text is null."),
                var other => throw new InvalidDataException($"The config must be a {typeof(TConfig).Name}, but is a {other.GetType().Name}."),
            };
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException or InvalidOperationException)
        {
            throw new InvalidDataException($"The config could not be read: {JsonReason.Of(e)}", e);
        }
    }

    private static void NameVariants(JsonTypeInfo info)
    {
        if (!info.Type.IsAbstract || !typeof(HardwareConfig).IsAssignableFrom(info.Type))
            return;
        info.PolymorphismOptions = new JsonPolymorphismOptions { TypeDiscriminatorPropertyName = "kind" };
        foreach (var variant in Catalog.Variants(info.Type))
            info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(variant, variant.Name));
    }

    /// <summary>Derived values are computed, not stored: only properties with an init accessor are written.</summary>
    private static void OnlySettable(JsonTypeInfo info)
    {
        if (info.Kind != JsonTypeInfoKind.Object)
            return;
        for (var i = info.Properties.Count - 1; i >= 0; i--)
            if (info.Properties[i].AttributeProvider is PropertyInfo { CanWrite: false })
                info.Properties.RemoveAt(i);
    }
}
