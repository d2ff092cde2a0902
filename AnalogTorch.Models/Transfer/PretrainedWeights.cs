using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Weights;

namespace AnalogTorch.Models.Transfer;

/// <summary>ImageNet weights of architectures of the zoo: found below a data folder, or fetched from where PyTorch keeps them.</summary>
/// <remarks>
/// The files are torchvision's <c>IMAGENET1K_V1</c> weights (BSD-3-Clause), https://github.com/pytorch/vision/tree/main/torchvision/models. The digits in a
/// file's name are the first of its SHA-256, which is checked.
/// </remarks>
public static class PretrainedWeights
{
    /// <summary>The folder of weight files below a data folder.</summary>
    public const string Folder = "weights";

    private static readonly string[] Extensions = [".safetensors", ".pth", ".pt", ".onnx", ".dat"];

    private static readonly Dictionary<string, string> Files = new(StringComparer.Ordinal)
    {
        ["alexnet"] = "alexnet-owt-7be5be79.pth",
        ["inception_v3"] = "inception_v3_google-0cc3c7bd.pth",
        ["mobilenet_v2"] = "mobilenet_v2-b0353104.pth",
        ["resnet18"] = "resnet18-f37072fd.pth",
        ["resnet34"] = "resnet34-b627a593.pth",
        ["resnet50"] = "resnet50-0676ba61.pth",
        ["squeezenet1_0"] = "squeezenet1_0-b66bff10.pth",
        ["squeezenet1_1"] = "squeezenet1_1-b8a52dc0.pth",
    };

    /// <summary>The architectures whose weights can be fetched.</summary>
    public static IReadOnlyCollection<string> Downloadable => Files.Keys;

    /// <summary>A weight file of an architecture: the first below <c>weights/</c> whose name begins with that of the architecture.</summary>
    /// <param name="data">The data folder.</param>
    /// <param name="architecture">Name of the architecture.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static string Find(DataFolder data, string architecture)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentException.ThrowIfNullOrEmpty(architecture);
        var folder = Path.Combine(data.Path, Folder);
        var found = Directory.Exists(folder)
            ? Directory.GetFiles(folder).Where(file => Extensions.Contains(Path.GetExtension(file).ToLowerInvariant()) && IsOf(architecture, file)).Order(StringComparer.Ordinal).FirstOrDefault()
            : null;
        return found ?? throw new FileNotFoundException(
            $"Data folder '{data.Path}' must hold {Folder}/{architecture}… ({string.Join(", ", Extensions)}), but does not: put the file there"
            + (Files.ContainsKey(architecture) ? ", or download it." : "."));
    }

    /// <summary>Fetches the weights of an architecture into <c>weights/</c> below a data folder, unless they are there, and returns the file.</summary>
    /// <exception cref="ArgumentException">Nobody is known to offer them.</exception>
    /// <exception cref="IOException">They cannot be fetched or written.</exception>
    public static Task<string> DownloadAsync(
        DataFolder data, string architecture, Downloader downloader, IProgress<DownloadProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(downloader);
        if (!Files.TryGetValue(architecture, out var file))
            throw new ArgumentException($"PretrainedWeights can fetch {string.Join(", ", Files.Keys)}, but not '{architecture}': put its weights into {Folder}/ yourself.", nameof(architecture));
        var digits = Path.GetFileNameWithoutExtension(file).Split('-')[^1];
        return downloader.FetchAsync(new(file, digits, [new Uri($"https://download.pytorch.org/models/{file}")]), Path.Combine(data.Path, Folder), progress, cancel);
    }

    /// <summary>A backbone of the zoo with weights of a file, in evaluation mode; a last layer in the file is left out.</summary>
    /// <param name="architecture">Name of the architecture.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file does not hold the weights of the architecture, or is damaged.</exception>
    public static ImageNetwork LoadBackbone(string architecture, string path)
    {
        var backbone = Zoo.Backbone(architecture);
        try
        {
            var report = backbone.LoadWeights(path, WeightFit.Covering);
            RefuseLargerNetwork(architecture, backbone, report, path);
            backbone.eval();
            return backbone;
        }
        catch
        {
            backbone.Dispose();
            throw;
        }
    }

    /// <summary>Refuses tensors that are neither of the last layer nor of a part that the architecture does not have: a deeper network has them.</summary>
    private static void RefuseLargerNetwork(string architecture, ImageNetwork backbone, WeightReport report, string path)
    {
        using var whole = Zoo.Create(architecture, classes: 1);
        var known = whole.state_dict().Keys.ToHashSet(StringComparer.Ordinal);
        var parts = backbone.state_dict().Keys.Select(Part).ToHashSet(StringComparer.Ordinal);
        var odd = report.Rows.FirstOrDefault(row => row.Outcome == WeightOutcome.Unexpected && !known.Contains(row.Name) && parts.Contains(Part(row.Name)));
        if (odd is not null)
            throw new InvalidDataException($"{path} does not fit the model: it has '{odd.Name}', which {architecture} does not have; name the architecture that the file is for.");

        static string Part(string name) => name.Split('.')[0];
    }

    private static bool IsOf(string architecture, string file)
    {
        var name = Path.GetFileName(file);
        return name.StartsWith(architecture, StringComparison.OrdinalIgnoreCase) && !(name.Length > architecture.Length && (char.IsLetterOrDigit(name[architecture.Length])));
    }
}
