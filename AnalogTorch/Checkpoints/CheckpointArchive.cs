using System.IO.Compression;
using System.Text.Json;

namespace AnalogTorch.Checkpoints;

/// <summary>What a checkpoint is of, and the SHA-256 of each entry beside this one.</summary>
internal sealed record Manifest(string Format, int Version, Dictionary<string, string> Shapes, Dictionary<string, string> Hardware, Dictionary<string, string> Hashes);

/// <summary>The entries of a checkpoint, none of which is read before its length is known to be possible, or believed before its checksum is.</summary>
internal sealed class CheckpointArchive : IDisposable
{
    public const string Format = "AnalogTorch checkpoint";
    public const int Version = 4;
    private const string ManifestName = "manifest.json";
    private const int MostEntries = 8, LongestDirectory = 1 << 16, SmallestManifestLimit = 1 << 20;
    private readonly ZipArchive archive;
    private readonly Dictionary<string, ZipArchiveEntry> entries = new(StringComparer.Ordinal);
    private Dictionary<string, string> hashes = [];

    private CheckpointArchive(ZipArchive archive)
    {
        this.archive = archive;
        foreach (var entry in archive.Entries)
            if (entries.Count == MostEntries || !entries.TryAdd(entry.FullName, entry))
                throw new CheckpointFault("is damaged: its list of entries names one twice, or too many");
    }

    /// <summary>Writes entries and, last, the manifest.</summary>
    public static void Write(Stream stream, IEnumerable<(string Name, CompressionLevel Compression, Action<Stream> Write)> contents, Func<Dictionary<string, string>, Manifest> manifest)
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        var hashes = new Dictionary<string, string>();
        foreach (var (name, compression, write) in contents)
        {
            using var checkedStream = new CheckedStream(archive.CreateEntry(name, compression).Open());
            write(checkedStream);
            hashes[name] = checkedStream.Hash();
        }
        using var entry = archive.CreateEntry(ManifestName, CompressionLevel.Fastest).Open();
        JsonSerializer.Serialize(entry, manifest(hashes), CheckpointJson.Options);
    }

    public static CheckpointArchive Open(Stream stream)
    {
        if (ZipDirectory.Length(stream) is < 0 or > LongestDirectory)
            throw new CheckpointFault("is no AnalogTorch checkpoint, or is cut off");
        return new(new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true));
    }

    public bool Has(string name) => hashes.ContainsKey(name);

    /// <summary>Reads the manifest.</summary>
    /// <param name="expected">Length of a manifest for the model at hand, which that of a model much like it has.</param>
    public Manifest Manifest(long expected)
    {
        if (!entries.TryGetValue(ManifestName, out var entry))
            throw Foreign();
        if (entry.Length > Math.Max(SmallestManifestLimit, 8 * expected))
            throw new CheckpointFault($"does not fit the model: its list of names is {entry.Length} bytes long", "build and convert the model as it was when it was saved");
        using var stream = new CheckedStream(entry.Open(), entry.Length);
        Manifest? manifest;
        try
        {
            var text = new byte[entry.Length];
            stream.ReadExactly(text);
            var version = JsonSerializer.Deserialize<Header>(text, CheckpointJson.Options);
            if (version?.Format != Format)
                throw Foreign();
            if (version.Version != Version)
                throw new CheckpointFault($"is of format version {version.Version}, but this library reads version {Version}", "use the release that wrote it");
            manifest = JsonSerializer.Deserialize<Manifest>(text, CheckpointJson.Options);
        }
        catch (JsonException exception)
        {
            throw new CheckpointFault("is damaged: its manifest is no valid JSON of the right names", inner: exception);
        }
        if (manifest is not { Shapes: not null, Hardware: not null, Hashes: not null })
            throw new CheckpointFault("is damaged: its manifest lacks shapes, hardware or checksums");
        if (!manifest.Hashes.Keys.Append(ManifestName).Order().SequenceEqual(entries.Keys.Order()))
            throw new CheckpointFault("is damaged: its entries are not those of its manifest");
        hashes = manifest.Hashes;
        return manifest;
    }

    /// <summary>Reads an entry to its end and checks its sum.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="fits">Whether its length is possible, given the length of the packed one.</param>
    /// <param name="read">Reads it.</param>
    public T Read<T>(string name, Func<long, long, bool> fits, Func<Stream, long, T> read)
    {
        if (!Has(name))
            throw new CheckpointFault($"is damaged: it has no {name}");
        var entry = entries[name];
        if (!fits(entry.Length, entry.CompressedLength))
            throw new CheckpointFault($"does not fit the model: its {name} is {entry.Length} bytes long", "build and convert the model as it was when it was saved");
        using var stream = new CheckedStream(entry.Open(), entry.Length);
        var result = read(stream, entry.Length);
        if (stream.Position != entry.Length || stream.Hash() != hashes[name])
            throw new CheckpointFault($"is damaged: {name} does not have its checksum");
        return result;
    }

    public void Dispose() => archive.Dispose();

    private static CheckpointFault Foreign() => new("is no AnalogTorch checkpoint", "name a file that Checkpoint.Save wrote");

    private sealed record Header(string Format, int Version);
}
