using Microsoft.Extensions.AI;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Text;

/// <summary>A <see cref="SentenceEncoder"/> as a service of Microsoft.Extensions.AI, whose network may be on a chip.</summary>
/// <param name="encoder">The encoder; it stays the caller's.</param>
public sealed class SentenceEmbeddings(SentenceEncoder encoder) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly Lock sync = new();
    private readonly EmbeddingGeneratorMetadata metadata = new(nameof(AnalogTorch), defaultModelDimensions: encoder.Network.Config.Width);

    /// <inheritdoc/>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        var width = encoder.Network.Config.Width;
        if (options?.Dimensions is { } asked && asked != width)
            throw new ArgumentException($"SentenceEmbeddings gives vectors of {width} numbers, but {asked} were asked for; leave EmbeddingGenerationOptions.Dimensions out.", nameof(options));
        return Task.Run(
            () =>
            {
                lock (sync) // reads are numbered in the order of the calls
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    using var scope = NewDisposeScope();
                    var numbers = encoder.Encode([.. values]).cpu().data<float>().ToArray();
                    return new GeneratedEmbeddings<Embedding<float>>(
                        Enumerable.Range(0, numbers.Length / width).Select(row => new Embedding<float>(numbers.AsMemory(row * width,
                            width))
                        { CreatedAt = DateTimeOffset.UtcNow }));
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? metadata
            : serviceType == typeof(SentenceEncoder) ? encoder
            : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
