using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Which noise the reads of an evaluation meet.</summary>
public static class EvaluationNoise
{
    /// <summary>Calls of a layer that an evaluation has room for, before it meets the noise of the next.</summary>
    public const long CallsOfAnEvaluation = 1L << 32;

    /// <summary>Goes to the start of an evaluation: from there on, the same inputs meet the same noise whenever it is gone to.</summary>
    /// <remarks>
    /// Noise is a function of the tile's seed and of the number of the call, which otherwise counts on. This sets it for calls in eval mode; those of
    /// training are counted apart. A model without tiles is left as it is.
    /// </remarks>
    /// <param name="model">A model, converted or not.</param>
    /// <param name="evaluation">Number of the evaluation, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative, or 2³¹ or more.</exception>
    public static void SeekEvaluation(this nn.Module model, long evaluation)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (evaluation is < 0 or > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(evaluation), $"SeekEvaluation needs a number from 0 to {int.MaxValue}, but got {evaluation}.");
        foreach (var (_, tile) in model.AllTiles())
            tile.SeekEvaluation(evaluation * CallsOfAnEvaluation);
    }
}
