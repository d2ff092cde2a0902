namespace AnalogTorch.Models.Data;

/// <summary>A counter-based stream of random numbers: the n-th number is a hash of the key and n (SplitMix64).</summary>
/// <remarks>
/// Streams with different keys are independent, so image i has its own stream, whatever is drawn before it or on which thread.
/// G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
/// </remarks>
internal struct CounterRandom(ulong key)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong state = key;

    /// <summary>The stream of one item, named by the numbers that lead to it.</summary>
    public static CounterRandom Of(ulong seed, ulong purpose, ulong index) => new(Mix(Mix(Mix(seed) + purpose) + index));

    public ulong NextBits() => Mix(state += Golden);

    /// <summary>Uniform in [0, 1), 24 bits.</summary>
    public float Uniform() => (NextBits() >> 40) * (1f / (1 << 24));

    public float Uniform(float low, float high) => low + (high - low) * Uniform();

    /// <summary>Uniform among 0 … count − 1.</summary>
    public int Index(int count) => (int)Math.BigMul(NextBits(), (ulong)count, out _);

    /// <summary>Standard normal (Box-Muller).</summary>
    public float Normal()
    {
        var radius = MathF.Sqrt(-2 * MathF.Log(1 - Uniform()));
        return radius * MathF.Cos(MathF.Tau * Uniform());
    }

    private static ulong Mix(ulong z)
    {
        z += Golden;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
