using System.Diagnostics;
using System.Text;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Torch's own loading, where a model is on tiles and a file may hold nothing but its weights.</summary>
internal static class ModelLoading
{
    /// <summary>Loads a file of torch's own format into a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="stream">The file; it must seek.</param>
    /// <param name="strict">Whether the names must be the same; for a file without what hardware holds, those of parameters and buffers.</param>
    /// <param name="skip">Names to leave out.</param>
    /// <param name="loaded">Filled with the names, and whether each was found.</param>
    /// <exception cref="ArgumentException">The names differ.</exception>
    public static void Load(nn.Module model, Stream stream, bool strict, IList<string>? skip, Dictionary<string, bool>? loaded)
    {
        var isPlain = false;
        if (stream.CanSeek && HoldsHardware(model.state_dict().Keys))
        {
            var start = stream.Position;
            var names = NamesOf(stream);
            stream.Position = start;
            isPlain = names is not null && !HoldsHardware(names);
            if (isPlain && strict)
                RefuseOthers(model, names!, "file");
        }
        using (var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true))
            model.load(reader, strict && !isPlain, skip, loaded);
        Follow(model);
    }

    /// <summary>Puts tensors into a model.</summary>
    /// <inheritdoc cref="Load"/>
    public static (IList<string> MissingKeys, IList<string> UnexpectedKeys) LoadStateDict(nn.Module model, Dictionary<string, Tensor> source, bool strict, IList<string>? skip)
    {
        var isPlain = HoldsHardware(model.state_dict().Keys) && !HoldsHardware(source.Keys);
        if (isPlain && strict)
            RefuseOthers(model, [.. source.Keys.Except(skip ?? [])], "state_dict");
        var (missing, unexpected) = model.load_state_dict(source, strict && !isPlain, skip);
        Follow(model);
        return ([.. isPlain ? missing.Where(name => !IsHardware(name)) : missing], unexpected);
    }

    private static void Follow(nn.Module model)
    {
        if (model.FollowWeights() is { Count: > 0 } written)
            Trace.TraceInformation($"AnalogTorch: weights were loaded into {LayerKind.NameOf(model)}, and written into the devices of {string.Join(", ", written)}.");
    }

    private static bool IsHardware(string name) => name.Split('.').Contains(AnalogLayer.StateName);

    private static bool HoldsHardware(IEnumerable<string> names) => names.Any(IsHardware);

    private static void RefuseOthers(nn.Module model, IReadOnlyCollection<string> names, string what)
    {
        var own = model.EffectiveState().Keys.ToHashSet();
        var (missing, other) = (own.Except(names).Order(StringComparer.Ordinal).ToArray(), names.Except(own).Order(StringComparer.Ordinal).ToArray());
        if (missing.Length + other.Length > 0)
        {
            throw new ArgumentException(
                $"The {what} does not fit {LayerKind.NameOf(model)}: it {(missing.Length > 0 ? $"lacks {missing[0]}" : $"has {other[0]}, which the model lacks")}"
                + $"{(missing.Length + other.Length > 1 ? $" and {missing.Length + other.Length - 1} more names differ" : "")}; load it with strict: false to take what fits.");
        }
    }

    /// <summary>The names in a file of torch's own format; null if it is none.</summary>
    private static List<string>? NamesOf(Stream stream)
    {
        try
        {
            using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
            var names = new List<string>();
            for (var left = reader.Read7BitEncodedInt64(); left > 0; left--)
            {
                names.Add(reader.ReadString());
                var size = ElementSize((ScalarType)reader.Read7BitEncodedInt64());
                for (var dimensions = reader.Read7BitEncodedInt64(); dimensions > 0; dimensions--)
                    size = checked(size * reader.Read7BitEncodedInt64());
                if (size < 0 || size > stream.Length - stream.Position)
                    return null;
                stream.Position += size;
            }
            return names;
        }
        catch (Exception exception) when (exception is EndOfStreamException or FormatException or OverflowException or ArgumentException or IOException)
        {
            return null; // torch says what is wrong with it
        }
    }

    private static long ElementSize(ScalarType type) => type switch
    {
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        ScalarType.Int64 or ScalarType.Float64 or ScalarType.ComplexFloat32 => 8,
        ScalarType.ComplexFloat64 => 16,
        _ => throw new FormatException(),
    };
}
