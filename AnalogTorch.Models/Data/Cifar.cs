using System.Formats.Tar;
using System.IO.Compression;

namespace AnalogTorch.Models.Data;

/// <summary>Which of the two labels of a CIFAR-100 image.</summary>
public enum Cifar100Labels
{
    /// <summary>One of 100 classes, such as maple.</summary>
    Fine,

    /// <summary>One of 20 groups of five classes, such as trees.</summary>
    Coarse,
}

/// <summary>CIFAR-10 and CIFAR-100: photographs of 32×32 pixels in colour, from the binary files.</summary>
/// <remarks>
/// A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009. A file is records of one label byte (CIFAR-100: coarse,
/// then fine) and 3,072 bytes of red, green and blue, each line by line. Images take 12 kB each in memory.
/// </remarks>
public static class Cifar
{
    /// <summary>The folder of CIFAR-10 below a data folder.</summary>
    public const string Folder10 = "cifar-10";

    /// <summary>The folder of CIFAR-100 below a data folder.</summary>
    public const string Folder100 = "cifar-100";

    private const int Side = 32;
    private const int Pixels = 3 * Side * Side;
    private const int Batches = 5;

    /// <summary>
    /// Reads CIFAR-10 from <c>cifar-10/</c> below a data folder: <c>test_batch.bin</c>, or as many of <c>data_batch_1.bin</c> to
    /// <c>data_batch_5.bin</c> as are there, plain or in gzip. The set's name says how many.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or of another kind.</exception>
    public static ImageSet Load10(DataFolder data, bool train)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!train)
            return Read10(data.Find(Folder10, "test_batch.bin"));
        var present = Enumerable.Range(1, Batches)
            .Select(batch => $"data_batch_{batch}.bin")
            .Where(file => File.Exists(Path.Combine(data.Path, Folder10, file)) || File.Exists(Path.Combine(data.Path, Folder10, file + ".gz")))
            .Select(file => data.Find(Folder10, file))
            .ToArray();
        if (present.Length == 0)
            data.Find(Folder10, "data_batch_1.bin");
        var name = present.Length == Batches ? "CIFAR-10" : $"CIFAR-10, {present.Length} of {Batches} training batches";
        return Read(name, present, labelBytes: 1, labelAt: 0, classes: 10);
    }

    /// <summary>Reads CIFAR-100 from <c>train.bin</c> or <c>test.bin</c> in <c>cifar-100/</c> below a data folder, plain or in gzip.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or of another kind.</exception>
    public static ImageSet Load100(DataFolder data, bool train, Cifar100Labels labels = Cifar100Labels.Fine)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Read100(data.Find(Folder100, train ? "train.bin" : "test.bin"), labels);
    }

    /// <summary>Reads one file of CIFAR-10, plain or <c>.gz</c>: any number of images, labels 0 to 9.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or of another kind.</exception>
    public static ImageSet Read10(string path) => Read("CIFAR-10", [path], labelBytes: 1, labelAt: 0, classes: 10);

    /// <summary>Reads one file of CIFAR-100, plain or <c>.gz</c>: any number of images, fine labels 0 to 99 or coarse labels 0 to 19.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or of another kind.</exception>
    public static ImageSet Read100(string path, Cifar100Labels labels = Cifar100Labels.Fine) => labels switch
    {
        Cifar100Labels.Fine => Read("CIFAR-100", [path], labelBytes: 2, labelAt: 1, classes: 100),
        Cifar100Labels.Coarse => Read("CIFAR-100, coarse labels", [path], labelBytes: 2, labelAt: 0, classes: 20),
        _ => throw new ArgumentOutOfRangeException(nameof(labels), $"Cifar.Read100 takes Fine or Coarse labels, but got {labels}."),
    };

    /// <summary>Fetches the binary files of CIFAR-10 into <c>cifar-10/</c> below a data folder, unless they are there.</summary>
    /// <exception cref="IOException">The archive cannot be fetched, or the files cannot be written.</exception>
    public static Task Download10Async(DataFolder data, Downloader downloader, IProgress<DownloadProgress>? progress = null, CancellationToken cancel = default) => DownloadAsync(
        data, Folder10, [.. Enumerable.Range(1, Batches).Select(batch => $"data_batch_{batch}.bin"), "test_batch.bin"],
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", downloader, progress, cancel);

    /// <summary>Fetches the binary files of CIFAR-100 into <c>cifar-100/</c> below a data folder, unless they are there.</summary>
    /// <exception cref="IOException">The archive cannot be fetched, or the files cannot be written.</exception>
    public static Task Download100Async(DataFolder data, Downloader downloader, IProgress<DownloadProgress>? progress = null, CancellationToken cancel = default) => DownloadAsync(
        data, Folder100, ["train.bin", "test.bin"], "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec", downloader, progress, cancel);

    private static async Task DownloadAsync(
        DataFolder data, string name, IReadOnlyList<string> files, string sha256, Downloader downloader, IProgress<DownloadProgress>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(downloader);
        var folder = Path.Combine(data.Path, name);
        if (files.All(file => File.Exists(Path.Combine(folder, file)) || File.Exists(Path.Combine(folder, file + ".gz"))))
            return;
        // Not under its own name, for of a file that ends in .gz the unpacked content is checked.
        var archive = await downloader.FetchAsync(
            new($"{name}-binary.tgz", sha256, [new Uri($"https://www.cs.toronto.edu/~kriz/{name}-binary.tar.gz")]), folder, progress, cancel).ConfigureAwait(false);
        using (var packed = new GZipStream(File.OpenRead(archive), CompressionMode.Decompress))
        using (var tar = new TarReader(packed))
        {
            while (await tar.GetNextEntryAsync(cancellationToken: cancel).ConfigureAwait(false) is { } entry)
            {
                var file = Path.GetFileName(entry.Name);
                if (!files.Contains(file))
                    continue;
                var temporary = Path.Combine(folder, $"{file}.{Environment.ProcessId}.part");
                await entry.ExtractToFileAsync(temporary, overwrite: true, cancel).ConfigureAwait(false);
                File.Move(temporary, Path.Combine(folder, file), overwrite: true);
            }
        }
        File.Delete(archive);
    }

    private static ImageSet Read(string name, IReadOnlyList<string> paths, int labelBytes, int labelAt, int classes)
    {
        var record = labelBytes + Pixels;
        var contents = paths.Select(path => (Path: path, Bytes: PackedFile.Read(path))).ToArray();
        foreach (var (path, bytes) in contents)
        {
            if (bytes.Length == 0 || bytes.Length % record != 0)
            {
                throw new InvalidDataException(
                    $"'{path}' must hold records of {record} bytes, {labelBytes} of label and {Pixels} of pixels, "
                    + $"but its {bytes.Length} bytes are no whole number of them: replace it with a fresh copy.");
            }
        }
        var count = contents.Sum(content => content.Bytes.Length / record);
        var (pixels, labels) = (new byte[(long)count * Pixels], new byte[count]);
        var image = 0;
        foreach (var (path, bytes) in contents)
        {
            for (var start = 0; start < bytes.Length; start += record, image++)
            {
                labels[image] = bytes[start + labelAt];
                if (labels[image] >= classes)
                {
                    throw new InvalidDataException(
                        $"'{path}' must hold labels 0 to {classes - 1}, but image {start / record} has label {labels[image]}: "
                        + "it is damaged or another kind of file, so put the right one in its place.");
                }
                bytes.AsSpan(start + labelBytes, Pixels).CopyTo(pixels.AsSpan(image * Pixels));
            }
        }
        return ImageSet.FromBytes(name, pixels, 3, Side, Side, labels, classes);
    }
}
