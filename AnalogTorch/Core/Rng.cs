namespace AnalogTorch.Core;

/// <summary>A named, counter-based random stream: a key from which numbers are a pure function.</summary>
/// <remarks>
/// Streams are split by name, not drawn in order, so that adding a layer leaves another layer's numbers alone and the
/// number of threads changes nothing. The key schedule is SplitMix64 (Steele, Lea, Flood 2014).
/// </remarks>
/// <param name="Key">The stream's 64-bit key.</param>
public readonly record struct Rng(ulong Key)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>The root stream of a seed.</summary>
    public static Rng FromSeed(long seed) => new(Mix((ulong)seed + Golden));

    /// <summary>The child stream of this name.</summary>
    public Rng Split(string name)
    {
        var hash = 0xCBF29CE484222325; // FNV-1a over UTF-16 code units
        foreach (var c in name)
            hash = (hash ^ c) * 0x100000001B3;
        return new(Mix(Key ^ Mix(hash)));
    }

    /// <summary>The child stream of this number.</summary>
    public Rng Split(long index) => new(Mix(Key + Golden * ((ulong)index + 1)));

    /// <summary>The SplitMix64 finaliser: a bijection of 64-bit words whose output bits all depend on all input bits.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
