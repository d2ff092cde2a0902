using System.Text.Json;
using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Checkpoints;

/// <summary>How far the noise of hardware-aware layers was used, which is no part of their <c>state_dict</c>.</summary>
internal static class CountersEntry
{
    private const int BytesOfATile = 256; // beside its name, of which a letter may take six

    /// <summary>The counters as JSON; null if no layer has any.</summary>
    public static byte[]? Bytes(nn.Module model) =>
        Tiles(model).ToDictionary(entry => entry.Name, entry => entry.Tile.Counters) is { Count: > 0 } counters ? JsonSerializer.SerializeToUtf8Bytes(counters) : null;

    /// <summary>The longest that the entry may be.</summary>
    public static long MostBytes(nn.Module model) => Tiles(model).Sum(entry => 6L * entry.Name.Length + BytesOfATile) + BytesOfATile;

    /// <summary>Reads and checks counters; nothing is changed before <see cref="Set"/>.</summary>
    public static Dictionary<string, long[]> Read(byte[] json, nn.Module model)
    {
        Dictionary<string, long[]>? read;
        try
        {
            read = JsonSerializer.Deserialize<Dictionary<string, long[]>>(json, CheckpointJson.Options);
        }
        catch (JsonException exception)
        {
            throw Damaged(exception);
        }
        var tiles = Tiles(model).ToArray();
        if (read is null || read.Count != tiles.Length)
            throw Damaged();
        foreach (var (name, tile) in tiles)
        {
            // Key, reads, evaluations and the bits of a calibrated range; of these only the key may have any sign.
            if (!read.TryGetValue(name, out var values) || values?.Length != tile.Counters.Length || values[1..].Any(value => value < 0) || !double.IsFinite(BitConverter.Int64BitsToDouble(values[3])))
                throw Damaged();
        }
        return read;
    }

    /// <summary>Sets the counters.</summary>
    public static void Set(Dictionary<string, long[]> counters, nn.Module model)
    {
        foreach (var (name, tile) in Tiles(model))
            tile.Counters = counters[name];
    }

    private static CheckpointFault Damaged(Exception? inner = null) => new("is damaged: the counters of its hardware-aware layers cannot be", inner: inner);

    private static IEnumerable<(string Name, HardwareAwareTile Tile)> Tiles(nn.Module model)
    {
        foreach (var (name, tile) in model.AllTiles())
            if (tile is HardwareAwareTile aware)
                yield return (name, aware);
    }
}
