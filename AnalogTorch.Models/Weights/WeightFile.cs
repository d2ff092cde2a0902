using AnalogTorch.Checkpoints;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>An open file of named tensors; a tensor is read when it is asked for.</summary>
/// <remarks>
/// <see cref="WeightFormat"/> lists the formats. What a file says of sizes is checked against its length before memory is taken: a tensor takes no more
/// than four times the file and 16 MB, unless it is loaded into a model that has one of its shape. Nothing in a file is ever executed.
/// </remarks>
public sealed class WeightFile : IDisposable
{
    private const long FoldsOfFile = 4, Slack = 16 << 20;
    private readonly IWeightContent content;
    private readonly long length;
    private readonly Dictionary<string, WeightEntry> byName;

    private WeightFile(string path, WeightFormat format, IWeightContent content, long length)
    {
        (Path, Format, this.content, this.length) = (path, format.Name, content, length);
        byName = new(StringComparer.Ordinal);
        foreach (var entry in content.Entries)
        {
            Elements.Bytes(entry); // which refuses shapes that cannot be
            if (!byName.TryAdd(entry.Name, entry))
                throw new FileFault($"{FileFault.Quoted(entry.Name)} is there twice");
        }
    }

    /// <summary>Its length (B).</summary>
    internal long Length => length;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Name of the format.</summary>
    public string Format { get; }

    /// <summary>The tensors, in the order of the file.</summary>
    public IReadOnlyList<WeightEntry> Entries => content.Entries;

    /// <summary>What else the file says about itself.</summary>
    public IReadOnlyDictionary<string, string> Metadata => content.Metadata;

    /// <summary>Opens a file; what it is, its first bytes tell.</summary>
    /// <param name="path">The file; of a model in several files their index, or the folder with it.</param>
    /// <exception cref="FileNotFoundException">There is no such file, or a shard that an index names is missing.</exception>
    /// <exception cref="InvalidDataException">The file is of no known format, is damaged, or asks for something that is not allowed.</exception>
    public static WeightFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = ShardIndex.FileAt(path);
        if (!File.Exists(path) && !Directory.Exists(path))
            throw new FileNotFoundException($"There is no weight file {path}; check the path.", path);
        return Guarded(path, () =>
        {
            var stream = WholeFile.OpenRead(path);
            try
            {
                foreach (var format in WeightFormat.All)
                {
                    stream.Position = 0;
                    if (format.Recognizes(stream, path))
                    {
                        stream.Position = 0;
                        var length = stream.Length;
                        var content = format.Open(stream, path);
                        return new WeightFile(path, format, content, content.LengthOfAll ?? length);
                    }
                }
                throw new InvalidDataException($"{path} is of no format that is read here; take a PyTorch .pth or .pt, a .safetensors or the .index.json of several, an .onnx, a .bin of llama2.c, a TorchSharp .dat, a NumPy .npy or .npz, or a .csv of one matrix.");
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        });
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Contains(string name) => byName.ContainsKey(name);

    /// <summary>A tensor's header.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public WeightEntry Entry(string name) =>
        byName.TryGetValue(name, out var entry) ? entry : throw new KeyNotFoundException($"{Path} holds no tensor '{name}'; it holds {string.Join(", ", byName.Keys.Take(10))}{(byName.Count > 10 ? ", …" : "")}.");

    /// <summary>Reads a tensor into host memory, in the caller's dispose scope.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or cut off.</exception>
    public Tensor Read(string name)
    {
        var entry = Entry(name);
        return Guarded(Path, () => Elements.Bytes(entry) <= FoldsOfFile * length + Slack
            ? content.Read(entry)
            : throw new FileFault($"{FileFault.Quoted(name)} takes {Elements.Bytes(entry)} bytes of memory, out of a file of {length} bytes; load it into a model of its shape, or write it with numpy.savez, which does not pack it"));
    }

    /// <summary>Reads a tensor for a place of its shape, which is there already, so that its size is no surprise.</summary>
    internal Tensor ReadFor(string name)
    {
        var entry = Entry(name);
        return Guarded(Path, () => content.Read(entry));
    }

    /// <inheritdoc/>
    public void Dispose() => content.Dispose();

    /// <summary>Says of any failure to understand a file that it is damaged.</summary>
    private static T Guarded<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (!(exception is InvalidDataException && exception.Message.Contains(path, StringComparison.Ordinal)) && FileFault.ReasonOf(exception) is not null)
        {
            throw new InvalidDataException($"{path} is damaged, cut off or no weight file ({FileFault.ReasonOf(exception)}); get it again from where it came.", exception);
        }
    }
}

/// <summary>What a format knows of an open file.</summary>
internal interface IWeightContent : IDisposable
{
    /// <summary>The tensors.</summary>
    IReadOnlyList<WeightEntry> Entries { get; }

    /// <summary>What else the file says about itself.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Length of all files together (B), where there are several; null for one.</summary>
    long? LengthOfAll => null;

    /// <summary>Reads a tensor.</summary>
    Tensor Read(WeightEntry entry);
}
