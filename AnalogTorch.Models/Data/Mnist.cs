namespace AnalogTorch.Models.Data;

/// <summary>MNIST: 60,000 training and 10,000 test images of handwritten digits, 28×28 pixels.</summary>
/// <remarks>Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998.</remarks>
public static class Mnist
{
    /// <summary>The folder of the files below a data folder.</summary>
    public const string Folder = "mnist";

    private const int Classes = 10;

    private static readonly string[] Mirrors =
    [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ];

    /// <summary>The four files, with mirrors and the checksum of what they hold when unpacked.</summary>
    public static IReadOnlyList<Download> Files { get; } =
    [
        File("train-images-idx3-ubyte.gz", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        File("train-labels-idx1-ubyte.gz", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        File("t10k-images-idx3-ubyte.gz", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        File("t10k-labels-idx1-ubyte.gz", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ];

    /// <summary>Reads the training or the test set from <c>mnist/</c> below a data folder, the files plain or in gzip.</summary>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, of another kind, or does not fit the other one.</exception>
    public static ImageSet Load(DataFolder data, bool train)
    {
        ArgumentNullException.ThrowIfNull(data);
        var prefix = train ? "train" : "t10k";
        var imageFile = data.Find(Folder, $"{prefix}-images-idx3-ubyte");
        var labelFile = data.Find(Folder, $"{prefix}-labels-idx1-ubyte");
        var (shape, pixels) = IdxFile.Read(imageFile, dimensions: 3);
        var (_, labels) = IdxFile.Read(labelFile, dimensions: 1);
        if (shape[0] != labels.Length)
        {
            throw new InvalidDataException(
                $"'{labelFile}' must hold one label for each of the {shape[0]} images of '{Path.GetFileName(imageFile)}', but holds {labels.Length}: "
                + "replace both with fresh copies of one data set.");
        }
        if (shape[1] != 28 || shape[2] != 28)
        {
            throw new InvalidDataException($"'{imageFile}' must hold images of 28×28 pixels, but holds {shape[1]}×{shape[2]}: replace it with the MNIST file.");
        }
        var odd = labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(Classes - 1));
        if (odd >= 0)
        {
            throw new InvalidDataException($"'{labelFile}' must hold labels 0 to 9, but label {odd} is {labels[odd]}: replace it with the MNIST file.");
        }
        return ImageSet.FromBytes("MNIST", pixels, 1, 28, 28, labels, Classes);
    }

    /// <summary>Fetches the files that are missing or damaged into <c>mnist/</c> below a data folder.</summary>
    public static async Task DownloadAsync(
        DataFolder data, Downloader downloader, IProgress<DownloadProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(downloader);
        var folder = Path.Combine(data.Path, Folder);
        foreach (var file in Files)
        {
            await downloader.FetchAsync(file, folder, progress, cancel).ConfigureAwait(false);
        }
    }

    private static Download File(string name, string sha256) => new(name, sha256, [.. Mirrors.Select(mirror => new Uri(mirror + name))]);
}
