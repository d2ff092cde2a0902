using System.Text.Json;

namespace AnalogTorch.Models.Weights;

/// <summary>A tensor as a safetensors header tells of it.</summary>
internal sealed record SafetensorsItem(string Name, string Type, long[] Shape, long Begin, long End);

/// <summary>Reads the header of a safetensors file from its first character to the last, and keeps no more of it than a model can have.</summary>
internal static class SafetensorsHeader
{
    private const string MetadataKey = "__metadata__";
    private const int MostMetadata = 10_000, MostSizes = 64;

    public static (List<SafetensorsItem> Items, Dictionary<string, string> Metadata) Read(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text);
        var (items, metadata) = (new List<SafetensorsItem>(), new Dictionary<string, string>(StringComparer.Ordinal));
        Next(ref reader, JsonTokenType.StartObject);
        while (NextName(ref reader) is { } name)
        {
            Next(ref reader, JsonTokenType.StartObject);
            if (name == MetadataKey)
            {
                while (NextName(ref reader) is { } key)
                {
                    Next(ref reader, JsonTokenType.String);
                    if (metadata.Count == MostMetadata || !metadata.TryAdd(key, reader.GetString()!))
                        throw new FileFault($"its metadata name {FileFault.Quoted(key)} twice, or have more than {MostMetadata} entries");
                }
                continue;
            }
            items.Add(Item(ref reader, name));
            Elements.CheckCount(items.Count);
        }
        return reader.Read() ? throw new JsonException() : (items, metadata);
    }

    private static SafetensorsItem Item(ref Utf8JsonReader reader, string name)
    {
        var (type, shape, offsets) = ((string?)null, (long[]?)null, (long[]?)null);
        while (NextName(ref reader) is { } key)
        {
            switch (key)
            {
                case "dtype" when type is null:
                    Next(ref reader, JsonTokenType.String);
                    type = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = Numbers(ref reader, name);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = Numbers(ref reader, name);
                    break;
                default:
                    throw new FileFault($"{FileFault.Quoted(name)} has {FileFault.Quoted(key)} twice, or has it though only dtype, shape and data_offsets belong there");
            }
        }
        return type is not null && shape is not null && offsets is [var begin, var end]
            ? new(name, type, shape, begin, end)
            : throw new FileFault($"{FileFault.Quoted(name)} lacks dtype, shape or two data_offsets");
    }

    private static long[] Numbers(ref Utf8JsonReader reader, string name)
    {
        var numbers = new List<long>();
        Next(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || numbers.Count == MostSizes)
                throw new FileFault($"{FileFault.Quoted(name)} has sizes that are no whole numbers, or more than {MostSizes} of them");
            numbers.Add(number);
        }
        return [.. numbers];
    }

    private static void Next(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new JsonException();
    }

    /// <summary>The next name of an object; null at its end.</summary>
    private static string? NextName(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndObject))
            throw new JsonException();
        return reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null;
    }
}
