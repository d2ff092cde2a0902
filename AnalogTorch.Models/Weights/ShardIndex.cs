using System.Text.Json;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>
/// Hugging Face's index of a model in several files: a JSON object whose <c>weight_map</c> says of every tensor in which file beside it that is.
/// </summary>
/// <remarks>
/// The files, mostly <c>model-00001-of-00003.safetensors</c> and so on, are of any format that is read here. What they hold beyond the index is
/// there too. A link is followed, as that of a cache is, but a name that leads out of the folder is not.
/// </remarks>
internal sealed class ShardIndex : WeightFormat
{
    private const string Map = "weight_map", MetadataKey = "metadata", Extension = ".json";
    private const long LongestIndex = 100_000_000;

    public override string Name => "sharded";

    /// <summary>What to open of a path that may be a folder: its only index, or else its only safetensors file.</summary>
    /// <exception cref="FileNotFoundException">The folder holds neither, or several.</exception>
    public static string FileAt(string path)
    {
        if (!Directory.Exists(path))
            return path;
        foreach (var pattern in new[] { "*.index.json", "*.safetensors" })
        {
            var files = Directory.GetFiles(path, pattern).Order(StringComparer.Ordinal).ToArray();
            if (files.Length == 1)
                return files[0];
            if (files.Length > 1)
                throw new FileNotFoundException($"Folder {path} holds {files.Length} files {pattern}, as {Path.GetFileName(files[0])}; name the one to open.", path);
        }
        throw new FileNotFoundException(
            $"Folder {path} holds neither an index of shards (model.safetensors.index.json) nor a .safetensors file; name a weight file.", path);
    }

    public override bool Recognizes(Stream stream, string path)
    {
        if (!path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) || stream.Length > LongestIndex)
            return false;
        try
        {
            using var index = JsonDocument.Parse(stream);
            return index.RootElement.ValueKind == JsonValueKind.Object && index.RootElement.TryGetProperty(Map, out _);
        }
        catch (JsonException)
        {
            // A cut-off index is still one, and says so when it is opened.
            return path.EndsWith(".index.json", StringComparison.OrdinalIgnoreCase);
        }
    }

    public override IWeightContent Open(Stream stream, string path)
    {
        using var index = JsonDocument.Parse(stream);
        stream.Dispose();
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var shards = new Dictionary<string, WeightFile>(StringComparer.Ordinal);
        var places = new Dictionary<string, WeightFile>(StringComparer.Ordinal);
        var entries = new List<WeightEntry>();
        try
        {
            foreach (var property in index.RootElement.GetProperty(Map).EnumerateObject())
            {
                var (tensor, shard) = (property.Name, property.Value.GetString() ?? "");
                if (!shards.TryGetValue(shard, out var file))
                    shards.Add(shard, file = OpenShard(path, folder, tensor, shard));
                if (!file.Contains(tensor))
                {
                    throw new InvalidDataException(
                        $"{path} says that tensor {FileFault.Quoted(tensor)} is in {FileFault.Quoted(shard)}, which does not hold it; get both again from where they came.");
                }
                if (!places.TryAdd(tensor, file))
                    throw new InvalidDataException($"{path} names tensor '{tensor}' twice; get it again from where it came.");
                entries.Add(file.Entry(tensor));
            }
            // What the index leaves out; where it names a tensor, it decides which one.
            var named = places.Keys.ToHashSet(StringComparer.Ordinal);
            foreach (var (shard, file) in shards)
            {
                foreach (var entry in file.Entries.Where(entry => !named.Contains(entry.Name)))
                {
                    if (!places.TryAdd(entry.Name, file))
                    {
                        throw new InvalidDataException(
                            $"Tensor '{entry.Name}' is in {shard} and in {Path.GetFileName(places[entry.Name].Path)}, "
                            + $"and {path} does not say which one it is; get them again from where they came.");
                    }
                    entries.Add(entry);
                }
            }
            if (entries.Count == 0)
                throw new FileFault("it names no tensor");
            return new Content(path, [.. shards.Values], places, entries, MetadataOf(index.RootElement));
        }
        catch
        {
            foreach (var file in shards.Values)
                file.Dispose();
            throw;
        }
    }

    private static WeightFile OpenShard(string path, string folder, string tensor, string shard)
    {
        var at = Path.GetFullPath(Path.Combine(folder, shard));
        if (!at.StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new InvalidDataException(
                $"{path} says that tensor {FileFault.Quoted(tensor)} is in {FileFault.Quoted(shard)}, which is outside its folder; shards are only read from beside their index.");
        }
        if (at.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException(
                $"{path} says that tensor {FileFault.Quoted(tensor)} is in {FileFault.Quoted(shard)}, which is no file of weights; shards are .safetensors or .bin files.");
        }
        if (!File.Exists(at))
        {
            throw new FileNotFoundException(
                $"{path} says that tensor {FileFault.Quoted(tensor)} is in {FileFault.Quoted(shard)}, but there is no such file beside it; get the missing shard from where the others came.",
                at);
        }
        return OfShard(path, () => WeightFile.Open(at));
    }

    /// <summary>Adds to what is wrong with a shard whose it is.</summary>
    private static T OfShard<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"{exception.Message.TrimEnd('.')}, as a shard of {path}.", exception);
        }
    }

    private static Dictionary<string, string> MetadataOf(JsonElement index) =>
        index.TryGetProperty(MetadataKey, out var metadata) && metadata.ValueKind == JsonValueKind.Object
            ? metadata.EnumerateObject().DistinctBy(entry => entry.Name).ToDictionary(entry => entry.Name, entry => entry.Value.ToString())
            : [];

    private sealed class Content(
        string path,
        IReadOnlyList<WeightFile> shards,
        Dictionary<string, WeightFile> places,
        IReadOnlyList<WeightEntry> entries,
        IReadOnlyDictionary<string, string> metadata) : IWeightContent
    {
        public long? LengthOfAll => shards.Sum(shard => shard.Length);

        public IReadOnlyList<WeightEntry> Entries => entries;

        public IReadOnlyDictionary<string, string> Metadata => metadata;

        public Tensor Read(WeightEntry entry) => OfShard(path, () => places[entry.Name].Read(entry.Name));

        public void Dispose()
        {
            foreach (var shard in shards)
                shard.Dispose();
        }
    }
}
