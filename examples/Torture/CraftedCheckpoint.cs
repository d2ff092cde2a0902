using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace AnalogTorch.Examples.Torture;

/// <summary>The entries of a checkpoint, to be changed and written again with checksums that are right.</summary>
internal sealed class CraftedCheckpoint
{
    private const string Manifest = "manifest.json";
    private readonly Dictionary<string, byte[]> entries = [];

    public IEnumerable<string> Names => entries.Keys;

    /// <summary>An entry to be written twice.</summary>
    public string? Twice { get; set; }

    public byte[] this[string name]
    {
        get => entries[name];
        set => entries[name] = value;
    }

    public IEnumerable<KeyValuePair<string, byte[]>> Entries => entries;

    public static CraftedCheckpoint Read(string path)
    {
        using var stream = File.OpenRead(path);
        return Read(stream);
    }

    public static CraftedCheckpoint Read(Stream stream)
    {
        var file = new CraftedCheckpoint();
        using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        foreach (var entry in archive.Entries)
        {
            using var content = new MemoryStream();
            using var packed = entry.Open();
            packed.CopyTo(content);
            file[entry.FullName] = content.ToArray();
        }
        return file;
    }

    public void Remove(string name) => entries.Remove(name);

    public void Write(string path, bool checksums)
    {
        if (checksums)
        {
            var manifest = JsonNode.Parse(entries[Manifest])!.AsObject();
            manifest["Hashes"] = new JsonObject(entries.Where(entry => entry.Key != Manifest)
                .Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)System.Convert.ToHexString(SHA256.HashData(entry.Value)))));
            entries[Manifest] = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        }
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        foreach (var (name, content) in entries.Concat(entries.Where(entry => entry.Key == Twice)).ToArray())
        {
            using var stream = archive.CreateEntry(name).Open();
            stream.Write(content);
        }
    }
}
