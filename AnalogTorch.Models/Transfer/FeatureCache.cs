using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Transfer;

/// <summary>How far the features of a set are.</summary>
/// <param name="Name">The set.</param>
/// <param name="Done">Images whose features are there.</param>
/// <param name="Total">Images in all.</param>
public readonly record struct FeatureProgress(string Name, long Done, long Total);

/// <summary>Features that a network gives of images, computed once and kept in a folder.</summary>
/// <remarks>
/// A file is found by a key: a SHA-256 of the network's name, its weights, the preprocessing, the images, their labels and the size of a batch. So another
/// network or another set never meets it, and a file that is damaged, or was left behind half done, is mended: what its checksums
/// confirm stays, the rest is computed.
/// </remarks>
public sealed class FeatureCache
{
    private const int Version = 1;

    /// <summary>A cache in a folder, which is made when features are first computed.</summary>
    public FeatureCache(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        Folder = Path.GetFullPath(folder);
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Images of a batch; results may differ in the last bit with another size, so it is part of the key.</summary>
    public int BatchSize
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(null, $"FeatureCache.BatchSize must be positive, but is {value}.");
    }
    = 20;

    /// <summary>The features of a set of images: those that the folder has, or new ones, written as they come.</summary>
    /// <param name="name">The network's name, part of the key and of the file's name.</param>
    /// <param name="network">The network, from [batch, channels, height, width] to [batch, features]; run in evaluation mode, on the torch device of its weights.</param>
    /// <param name="images">The images.</param>
    /// <param name="preprocessing">What becomes of them before the network sees them.</param>
    /// <param name="progress">Told after every batch.</param>
    /// <param name="cancel">Ends the work; what is done stays, and the next call goes on.</param>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    /// <exception cref="InvalidDataException">The network gives something else than a vector of finite features for each image.</exception>
    public FeatureFile GetOrCompute(
        string name, nn.Module<Tensor, Tensor> network, ImageSet images, Preprocessing preprocessing,
        IProgress<FeatureProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(preprocessing);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var mode = new EvaluationMode(network);
        var device = network.parameters().FirstOrDefault()?.device ?? CPU;
        Tensor Compute(long start, long count)
        {
            using var inner = NewDisposeScope();
            var features = network.call(preprocessing.ApplyToPixels(images.Images.narrow(0, start, count).to(device)));
            if (features.dim() != 2 || features.shape[0] != count)
                throw new InvalidDataException($"FeatureCache needs a network that gives [{count}, features] for {count} images, but '{name}' gave [{string.Join(", ", features.shape)}].");
            if (!features.isfinite().all().item<bool>())
                throw new InvalidDataException($"'{name}' gave features that are not finite for images {start} to {start + count - 1} of '{images.Name}': check its weights.");
            return features.MoveToOuterDisposeScope();
        }
        var width = Compute(0, 1).shape[1];
        var layout = new FeatureFile.Layout(Key(name, network, images, preprocessing), images.Count, width, images.Classes, BatchSize);
        var file = Opened(Path.Combine(Folder, $"{FileName(name)}-{layout.Key[..16]}.features"), layout, images);
        try
        {
            var missing = file.MissingBlocks().ToArray();
            var done = images.Count - missing.Sum(layout.RowsOf);
            progress?.Report(new(images.Name, done, images.Count));
            foreach (var block in missing)
            {
                cancel.ThrowIfCancellationRequested();
                using var inner = NewDisposeScope();
                file.Write(block, Compute(block * BatchSize, layout.RowsOf(block)));
                progress?.Report(new(images.Name, done += layout.RowsOf(block), images.Count));
            }
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private FeatureFile Opened(string path, FeatureFile.Layout layout, ImageSet images)
    {
        try
        {
            Directory.CreateDirectory(Folder);
            return FeatureFile.OpenOrCreate(path, layout, images.Labels.data<long>().ToArray());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The features cannot be kept in '{path}' ({exception.Message.TrimEnd('.')}): choose a folder that can be written to, with {layout.Length / 1_000_000:N0} MB of room, that no other program works in.", exception);
        }
    }

    private string Key(string name, nn.Module network, ImageSet images, Preprocessing preprocessing)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Text(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));
        void Values(string what, Tensor values)
        {
            using var plain = values.detach().cpu().contiguous();
            Text($"{what} {plain.dtype} [{string.Join(", ", plain.shape)}]");
            if (plain.NumberOfElements > 0)
                hash.AppendData(plain.bytes);
        }
        string Numbers(IEnumerable<float> values) => string.Join(", ", values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));
        Text($"features {Version}, {name}, {network.GetType().FullName}, batches of {BatchSize}");
        Text($"preprocessing {preprocessing.ShorterSide} {preprocessing.Crop} [{Numbers(preprocessing.Mean)}] [{Numbers(preprocessing.Deviation)}]");
        foreach (var (key, values) in network.EffectiveState().OrderBy(entry => entry.Key, StringComparer.Ordinal))
            Values(key, values);
        Values("images", images.Images);
        Values("labels", images.Labels);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string FileName(string name) => string.Concat(name.Select(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '.' ? character : '-'));

    /// <summary>Puts a network into evaluation mode, and each of its modules back into its own.</summary>
    private sealed class EvaluationMode : IDisposable
    {
        private readonly (nn.Module Module, bool Training)[] before;

        public EvaluationMode(nn.Module network)
        {
            before = [.. network.modules().Prepend(network).Select(module => (module, module.training))];
            network.eval();
        }

        public void Dispose()
        {
            foreach (var (module, training) in before) // outer ones first, as each sets those inside it
                module.train(training);
        }
    }
}
