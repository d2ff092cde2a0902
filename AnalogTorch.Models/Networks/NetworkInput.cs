using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Models.Data;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Networks;

/// <summary>One argument of a network's forward call.</summary>
public abstract record NetworkInput
{
    /// <summary>Shape of the tensor for a batch.</summary>
    /// <param name="batch">Examples in the batch.</param>
    public abstract IReadOnlyList<long> Shape(long batch);

    /// <summary>Random numbers of the right type, shape and range, a pure function of the stream.</summary>
    /// <param name="batch">Examples in the batch.</param>
    /// <param name="rng">The stream.</param>
    public abstract Tensor Example(long batch, Rng rng);
}

/// <summary>Images, float32 [batch, 3, side, side].</summary>
/// <param name="Side">Height and width in pixels that the network was published for.</param>
/// <param name="SmallestSide">Height and width in pixels below which the network's pooling leaves nothing.</param>
/// <param name="Preprocessing">What becomes of a photograph before the network sees it.</param>
public sealed record ImageInput(int Side, int SmallestSide, Preprocessing Preprocessing) : NetworkInput
{
    /// <inheritdoc/>
    public override IReadOnlyList<long> Shape(long batch) => [batch, 3, Side, Side];

    /// <summary>Standard normal numbers, as preprocessed images roughly are.</summary>
    /// <inheritdoc/>
    public override Tensor Example(long batch, Rng rng) => Noise.Normal(rng, [.. Shape(batch)]);
}

/// <summary>Token ids, int64 [time, batch], or [batch, time] if the batch comes first.</summary>
/// <param name="Vocabulary">Number of different tokens; ids lie in [0, Vocabulary).</param>
/// <param name="Time">Tokens in an example.</param>
/// <param name="BatchFirst">Whether the batch is the first dimension.</param>
public sealed record TokenInput(int Vocabulary, int Time, bool BatchFirst = false) : NetworkInput
{
    /// <inheritdoc/>
    public override IReadOnlyList<long> Shape(long batch) => BatchFirst ? [batch, Time] : [Time, batch];

    /// <inheritdoc/>
    public override Tensor Example(long batch, Rng rng)
    {
        using var uniform = Noise.Uniform(rng, [.. Shape(batch)]);
        // A uniform float just below 1 may round up to the vocabulary.
        return uniform.mul_(Vocabulary).to_type(ScalarType.Int64).clamp_(0, Vocabulary - 1);
    }
}

/// <summary>Sequences of feature vectors, float32 [batch, time, width].</summary>
/// <param name="Width">Features of a vector.</param>
/// <param name="Time">Vectors in an example.</param>
public sealed record FeatureInput(int Width, int Time) : NetworkInput
{
    /// <inheritdoc/>
    public override IReadOnlyList<long> Shape(long batch) => [batch, Time, Width];

    /// <inheritdoc/>
    public override Tensor Example(long batch, Rng rng) => Noise.Normal(rng, [.. Shape(batch)]);
}
