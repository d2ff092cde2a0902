using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Transfer;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Transfer;

/// <summary>Where images and backbone come from, in so few words that they fit through a pipe.</summary>
internal sealed record TransferSource
{
    /// <summary>Target whose images are drawn by the program.</summary>
    public const string Patterns10 = "patterns10", Patterns100 = "patterns100";

    /// <summary>Target that is read from files.</summary>
    public const string Cifar10 = "cifar10", Cifar100 = "cifar100", Folders = "folders";

    /// <summary>Targets that the program draws.</summary>
    public static IReadOnlyList<string> Drawn { get; } = [Patterns10, Patterns100];

    /// <summary>Targets that are read from files.</summary>
    public static IReadOnlyList<string> OfFiles { get; } = [Cifar10, Cifar100, Folders];

    /// <summary>Folder of data sets; null for images that the program draws.</summary>
    public string? Data { get; init; }

    /// <summary>What to classify.</summary>
    public string Target { get; init; } = Patterns10;

    /// <summary>Name of the backbone's architecture.</summary>
    public string Architecture { get; init; } = "";

    /// <summary>File of the backbone's weights.</summary>
    public string Weights { get; init; } = "";

    /// <summary>Height and width in pixels of what the backbone sees.</summary>
    public int Side { get; init; }

    /// <summary>Parts in each direction over which the backbone's maps are averaged.</summary>
    public int Pool { get; init; } = 1;

    /// <summary>Training images; 0 for all of a file, and for what suits drawn ones.</summary>
    public int Images { get; init; }

    /// <summary>Test images; 0 for all of a file, and for what suits drawn ones.</summary>
    public int TestImages { get; init; }

    /// <summary>Seed of drawn images.</summary>
    public long DataSeed { get; init; }

    /// <summary>What the features depend on, for their file's name.</summary>
    public string Name => Pool == 1 ? Architecture : $"{Architecture} {Pool}x{Pool}";

    /// <summary>What becomes of an image: it is resized as a whole, for small pictures have their subject in the middle of them.</summary>
    public Preprocessing Preprocessing => Zoo.Find(Architecture).Image!.Preprocessing with { ShorterSide = Side, Crop = Side };

    /// <summary>Training and test images.</summary>
    /// <exception cref="ArgumentException">There are fewer images than were asked for.</exception>
    public (ImageSet Train, ImageSet Test) Load()
    {
        if (Drawn.Contains(Target))
        {
            var classes = Target == Patterns10 ? PatternClasses.Ten : PatternClasses.Hundred;
            return (GeneratedPatterns.Create(classes, Images, DataSeed), GeneratedPatterns.Create(classes, TestImages, DataSeed, train: false));
        }
        return (Some(true, Images, "--images"), Some(false, TestImages, "--test-images"));
    }

    /// <summary>The backbone with its weights, from preprocessed images to features, in evaluation mode.</summary>
    public Module<Tensor, Tensor> Backbone()
    {
        var backbone = PretrainedWeights.LoadBackbone(Architecture, Weights);
        if (Pool == 1)
            return backbone;
        var pooled = new PooledBackbone(backbone, Pool);
        pooled.eval();
        return pooled;
    }

    private ImageSet Some(bool train, int count, string option)
    {
        var data = DataFolder.Open(Data!);
        var set = Target switch
        {
            Cifar10 => Cifar.Load10(data, train),
            Cifar100 => Cifar.Load100(data, train),
            _ => ImageFolder.Load(Path.Combine(data.Path, train ? "train" : "test"), Preprocessing),
        };
        if (count == 0 || count == set.Count)
            return set;
        using (set)
        {
            return count < set.Count
                ? set.Take(count)
                : throw new UsageException($"{option} must be at most {set.Count} with this data, but is {count}.");
        }
    }
}
