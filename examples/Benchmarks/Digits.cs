using AnalogTorch.Models.Data;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The images that the network rows run on, 28×28, shuffled once.</summary>
internal sealed class Digits : IDisposable
{
    private readonly Tensor images, labels;

    private Digits(ImageSet set, long seed)
    {
        Name = set.Name;
        using var generator = new Generator((ulong)seed);
        using var order = randperm(set.Count, generator: generator);
        using var flat = set.Flatten();
        images = flat.index_select(0, order).DetachFromDisposeScope();
        labels = set.Labels.index_select(0, order).DetachFromDisposeScope();
    }

    /// <summary>Widths of the network's layers.</summary>
    public static IReadOnlyList<long> Network { get; } = [784, 250, 125, 10];

    /// <summary>What the data is called.</summary>
    public string Name { get; }

    /// <summary>Number of images.</summary>
    public long Count => images.shape[0];

    /// <summary>Reads MNIST, or draws digits where there is no data folder.</summary>
    public static Digits Load(DataFolder? data, BenchmarkSettings settings)
    {
        using var set = data is null ? GeneratedDigits.Create(settings.Quick ? 10_000 : 20_000, settings.Seed) : Models.Data.Mnist.Load(data, train: true);
        return new(set, settings.Seed);
    }

    /// <summary>Some images in a row with their labels, as parts of the whole.</summary>
    public (Tensor Images, Tensor Labels) Batch(long start, long count) => (images.narrow(0, start, count), labels.narrow(0, start, count));

    /// <inheritdoc/>
    public void Dispose()
    {
        images.Dispose();
        labels.Dispose();
    }
}
