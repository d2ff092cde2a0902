using static TorchSharp.torch;

namespace AnalogTorch.Models.Networks;

/// <summary>Keys and values of the tokens that a decoder has read, so that the next one is read alone.</summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)?[] layers;

    /// <summary>A cache for a decoder, with nothing in it.</summary>
    /// <param name="layers">Blocks of the decoder.</param>
    public KeyValueCache(int layers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers);
        this.layers = new (Tensor, Tensor)?[layers];
    }

    /// <summary>Tokens that were read.</summary>
    public long Length => layers[^1]?.Keys.shape[2] ?? 0;

    /// <summary>Texts that were read side by side; 0 before the first token.</summary>
    public long Batch => layers[^1]?.Keys.shape[0] ?? 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var layer = 0; layer < layers.Length; layer++)
            Release(layer);
    }

    /// <summary>Puts keys and values [texts, heads, tokens, width of a head] behind those of a layer.</summary>
    /// <returns>All of them; the cache's own.</returns>
    internal (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        var (allKeys, allValues) = layers[layer] is { } before ? (cat([before.Keys, keys], 2), cat([before.Values, values], 2)) : (keys.clone(),
            values.clone());
        Release(layer);
        layers[layer] = (allKeys.DetachFromDisposeScope(), allValues.DetachFromDisposeScope());
        return (allKeys, allValues);
    }

    private void Release(int layer)
    {
        layers[layer]?.Keys.Dispose();
        layers[layer]?.Values.Dispose();
        layers[layer] = null;
    }
}
