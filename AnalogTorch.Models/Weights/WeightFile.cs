using System.Text.Json;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Weights;

/// <summary>An open file of named tensors; a tensor is read when it is asked for.</summary>
/// <remarks>
/// <see cref="WeightFormat"/> lists the formats. What a file says of sizes is checked against its length before memory is taken, and nothing in a
/// file is ever executed.
/// </remarks>
public sealed class WeightFile : IDisposable
{
    private readonly IWeightContent content;
    private readonly Dictionary<string, WeightEntry> byName;

    private WeightFile(string path, WeightFormat format, IWeightContent content)
    {
        (Path, Format, this.content) = (path, format.Name, content);
        byName = content.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

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
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no weight file {path}; check the path.", path);
        return Guarded(path, () =>
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            try
            {
                foreach (var format in WeightFormat.All)
                {
                    stream.Position = 0;
                    if (format.Recognizes(stream, path))
                    {
                        stream.Position = 0;
                        return new WeightFile(path, format, format.Open(stream, path));
                    }
                }
                throw new InvalidDataException($"{path} is of no format that is read here; take a PyTorch .pth or .pt, a .safetensors or the .index.json of several, an .onnx, a TorchSharp .dat, a NumPy .npy or .npz, or a .csv of one matrix.");
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
        catch (Exception exception) when (exception is EndOfStreamException or OverflowException or JsonException or FormatException or ArgumentException
            or IndexOutOfRangeException or InvalidCastException or KeyNotFoundException or InvalidOperationException or NullReferenceException or System.Text.DecoderFallbackException or Google.Protobuf.InvalidProtocolBufferException
            || (exception is InvalidDataException && !exception.Message.Contains(path, StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"{path} is damaged, cut off or no weight file ({exception.Message.TrimEnd('.')}); get it again from where it came.", exception);
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

    /// <summary>Reads a tensor.</summary>
    Tensor Read(WeightEntry entry);
}
