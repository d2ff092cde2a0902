using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using AnalogTorch.Core;
using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Checkpoints;

/// <summary>A whole training in one file: parameters, everything the hardware holds, random streams, optimizer, and what they belong to.</summary>
/// <remarks>
/// A zip archive of <c>manifest.json</c> (format, shapes, hardware of every layer, SHA-256 of the rest), <c>model.dat</c>,
/// <c>optimizer.dat</c> and, for hardware-aware layers, <c>counters.json</c>. It is written beside its final name and renamed, so a file of that name is whole or the one before it.
/// Resuming from it gives, bit for bit, the run that never stopped.
/// </remarks>
public static class Checkpoint
{
    private const string Format = "AnalogTorch checkpoint", ManifestEntry = "manifest.json", ModelEntry = "model.dat", OptimizerEntry = "optimizer.dat", CountersEntry = "counters.json";
    private const int Version = 3;
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="path">The file; one that exists is replaced in a single step.</param>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer; null if there is none to resume.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, nn.Module model, OptimizerHelper? optimizer = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(model);
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                Save(file, model, optimizer);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The checkpoint {path} could not be written ({exception.Message.TrimEnd('.')}); choose a folder that can be written to and has room.", exception);
        }
        finally
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }

    /// <summary>Writes a checkpoint into a stream, which stays open.</summary>
    /// <param name="stream">The stream; it need not seek.</param>
    /// <param name="model">The model.</param>
    /// <param name="optimizer">The optimizer; null if there is none to resume.</param>
    public static void Save(Stream stream, nn.Module model, OptimizerHelper? optimizer = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(model);
        var contents = new Dictionary<string, byte[]> { [ModelEntry] = Bytes(stream => model.save(stream)) };
        if (optimizer is not null)
            contents[OptimizerEntry] = Bytes(stream => optimizer.save_state_dict(new BinaryWriter(stream)));
        if (CountersOf(model) is { Count: > 0 } counters)
            contents[CountersEntry] = JsonSerializer.SerializeToUtf8Bytes(counters);
        var manifest = new Manifest(Format, Version, ShapesOf(model), HardwareOf(model),
            contents.ToDictionary(entry => entry.Key, entry => Hash(entry.Value)));
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var (name, content) in contents.Prepend(KeyValuePair.Create(ManifestEntry, JsonSerializer.SerializeToUtf8Bytes(manifest, Json))))
        {
            using var entry = archive.CreateEntry(name, CompressionLevel.Fastest).Open();
            entry.Write(content);
        }
    }

    /// <summary>Reads a checkpoint into a model of the same layers on the same hardware, and its optimizer.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model, converted as the saved one was.</param>
    /// <param name="optimizer">The optimizer to resume; null leaves the saved one aside.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no checkpoint, is damaged, or belongs to another model, hardware or optimizer.</exception>
    public static void Load(string path, nn.Module model, OptimizerHelper? optimizer = null)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no checkpoint {path}; check the path.", path);
        using var file = File.OpenRead(path);
        Load(file, path, model, optimizer);
    }

    /// <summary>Reads a checkpoint from a stream that can seek, and which stays open.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="model">The model, converted as the saved one was.</param>
    /// <param name="optimizer">The optimizer to resume; null leaves the saved one aside.</param>
    /// <exception cref="InvalidDataException">The stream holds no checkpoint, a damaged one, or one of another model, hardware or optimizer.</exception>
    public static void Load(Stream stream, nn.Module model, OptimizerHelper? optimizer = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Load(stream, "in the stream", model, optimizer);
    }

    private static void Load(Stream source, string path, nn.Module model, OptimizerHelper? optimizer)
    {
        ArgumentNullException.ThrowIfNull(model);
        var (manifest, contents) = Read(source, path);
        Same(path, "parameters and state", manifest.Shapes, ShapesOf(model));
        Same(path, "hardware", manifest.Hardware, HardwareOf(model));
        if (optimizer is not null && !contents.ContainsKey(OptimizerEntry))
            throw new InvalidDataException($"The checkpoint {path} holds no optimizer; load it with the model alone.");
        using (var stream = new MemoryStream(contents[ModelEntry]))
            model.load(stream);
        if (contents.TryGetValue(CountersEntry, out var counters))
            foreach (var (name, values) in JsonSerializer.Deserialize<Dictionary<string, long[]>>(counters)!)
                HardwareAware(model).Single(entry => entry.Name == name).Tile.Counters = values;
        if (optimizer is null)
            return;
        try
        {
            using var reader = new BinaryReader(new MemoryStream(contents[OptimizerEntry]));
            optimizer.load_state_dict(reader);
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException or EndOfStreamException)
        {
            throw new InvalidDataException($"The checkpoint {path} belongs to another optimizer ({exception.Message.TrimEnd('.')}); build it with the same parameter groups.", exception);
        }
    }

    private static (Manifest Manifest, Dictionary<string, byte[]> Contents) Read(Stream source, string path)
    {
        try
        {
            using var archive = new ZipArchive(source, ZipArchiveMode.Read, leaveOpen: true);
            var entries = archive.Entries.ToDictionary(entry => entry.FullName, Unpack);
            var manifest = entries.TryGetValue(ManifestEntry, out var text) ? JsonSerializer.Deserialize<Manifest>(text, Json) : null;
            if (manifest?.Format != Format)
                throw new InvalidDataException($"{path} is no AnalogTorch checkpoint; it was written by another program.");
            if (manifest.Version != Version)
                throw new InvalidDataException($"The checkpoint {path} is of format version {manifest.Version}, but this library reads version {Version}; use the release that wrote it.");
            foreach (var (name, hash) in manifest.Hashes)
                if (!entries.TryGetValue(name, out var content) || Hash(content) != hash)
                    throw new InvalidDataException($"The checkpoint {path} is damaged: {name} does not have its checksum; take an earlier checkpoint.");
            return (manifest, entries);
        }
        catch (Exception exception) when (exception is JsonException or EndOfStreamException
            || (exception is InvalidDataException && !exception.Message.Contains(path, StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"The checkpoint {path} is damaged or cut off ({exception.Message.TrimEnd('.')}); take an earlier checkpoint.", exception);
        }
    }

    private static void Same(string path, string what, Dictionary<string, string> saved, Dictionary<string, string> present)
    {
        foreach (var name in saved.Keys.Union(present.Keys))
        {
            var (there, here) = (saved.GetValueOrDefault(name, "missing"), present.GetValueOrDefault(name, "missing"));
            if (there != here)
                throw new InvalidDataException($"The checkpoint {path} does not fit the model: {what} of '{name}' differ, {Short(there)} in the file and {Short(here)} in the model; build and convert the model as it was when it was saved.");
        }

        static string Short(string text) => text.Length <= 60 ? text : "other values";
    }

    private static Dictionary<string, string> ShapesOf(nn.Module model) =>
        model.state_dict().ToDictionary(entry => entry.Key, entry => $"{entry.Value.dtype} [{string.Join(", ", entry.Value.shape)}]");

    private static Dictionary<string, string> HardwareOf(nn.Module model) =>
        model.AllTiles().ToDictionary(entry => entry.Name, entry => ConfigJson.Write(entry.Tile.Hardware));

    /// <summary>How far the noise of hardware-aware layers was used, which is no part of their <c>state_dict</c>.</summary>
    private static Dictionary<string, long[]> CountersOf(nn.Module model) =>
        HardwareAware(model).ToDictionary(entry => entry.Name, entry => entry.Tile.Counters);

    private static IEnumerable<(string Name, HardwareAwareTile Tile)> HardwareAware(nn.Module model)
    {
        foreach (var (name, tile) in model.AllTiles())
            if (tile is HardwareAwareTile aware)
                yield return (name, aware);
    }

    private static byte[] Bytes(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return stream.ToArray();
    }

    private static byte[] Unpack(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static string Hash(byte[] content) => Convert.ToHexString(SHA256.HashData(content));

    private sealed record Manifest(string Format, int Version, Dictionary<string, string> Shapes, Dictionary<string, string> Hardware, Dictionary<string, string> Hashes);
}
