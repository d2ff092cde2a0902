using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace AnalogTorch.Core;

/// <summary>Configs as JSON text and back; the round trip gives an equal config.</summary>
/// <remarks>
/// A member of an abstract family carries its variant's name as <c>"kind"</c>, taken from <see cref="Catalog"/>; the variants of an assembly that
/// is loaded later are found when one of them is first met. Where names are not unique, those of the library keep theirs, and others are named with
/// their namespace.
/// </remarks>
public static class ConfigJson
{
    private static volatile Vocabulary known = new(Catalog.Variants<HardwareConfig>());

    /// <summary>The config as indented JSON, its own variant named by <c>"kind"</c>.</summary>
    /// <exception cref="NotSupportedException">The config is of no variant that the catalog can hold.</exception>
    public static string Write(HardwareConfig config) => WithVocabulary(options => JsonSerializer.Serialize(config, options));

    /// <summary>Reads a config that <see cref="Write"/> wrote, or that was written by hand.</summary>
    /// <exception cref="InvalidDataException">The text is no JSON, names an unknown variant or member, or a value is out of range.</exception>
    public static TConfig Read<TConfig>(string json) where TConfig : HardwareConfig
    {
        try
        {
            return WithVocabulary(options => JsonSerializer.Deserialize<HardwareConfig>(json, options)) switch
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

    /// <summary>Does the work, and once more if variants have come up since that it may have missed.</summary>
    private static T WithVocabulary<T>(Func<JsonSerializerOptions, T> work)
    {
        var before = known;
        try
        {
            return work(before.Options);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException && IsOutdated(before))
        {
            return work(known.Options);
        }
    }

    private static bool IsOutdated(Vocabulary vocabulary)
    {
        var variants = Catalog.Variants<HardwareConfig>();
        if (!known.Variants.SequenceEqual(variants))
            known = new(variants);
        return known != vocabulary;
    }

    /// <summary>The variants of a moment, with their names.</summary>
    private sealed class Vocabulary(IReadOnlyList<Type> variants)
    {
        private readonly Dictionary<Type, string> names = Names(variants);
        private JsonSerializerOptions? options;

        public IReadOnlyList<Type> Variants => variants;

        public JsonSerializerOptions Options => options ??= new()
        {
            WriteIndented = true,
            AllowDuplicateProperties = false,
            AllowOutOfOrderMetadataProperties = true,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { NameVariants, OnlySettable } },
        };

        private static Dictionary<Type, string> Names(IReadOnlyList<Type> variants)
        {
            var byName = variants.ToLookup(variant => variant.Name);
            return variants.ToDictionary(variant => variant, variant =>
                IsOfLibrary(variant) || byName[variant.Name].Count() == 1 ? variant.Name
                : byName[variant.Name].Count(other => other.FullName == variant.FullName) == 1 ? variant.FullName! : variant.AssemblyQualifiedName!);
        }

        private static bool IsOfLibrary(Type variant) => variant.Assembly == typeof(ConfigJson).Assembly;

        private void NameVariants(JsonTypeInfo info)
        {
            if (!info.Type.IsAbstract || !typeof(HardwareConfig).IsAssignableFrom(info.Type))
                return;
            info.PolymorphismOptions = new JsonPolymorphismOptions { TypeDiscriminatorPropertyName = "kind" };
            // Of an assembly that is there twice, one variant.
            foreach (var variant in variants.Where(info.Type.IsAssignableFrom).DistinctBy(variant => names[variant]))
                info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(variant, names[variant]));
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
}
