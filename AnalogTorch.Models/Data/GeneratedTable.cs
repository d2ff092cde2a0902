namespace AnalogTorch.Models.Data;

/// <summary>Tables of numbers that textbooks draw to compare methods by: nothing to download.</summary>
/// <remarks>Row i is a function of the seed and i alone, whatever the number of threads.</remarks>
public static class GeneratedTable
{
    private const int WaveLength = 21, Waves = 3;
    private const double Median = 9.34; // of χ² with ten degrees of freedom

    /// <summary>Three classes of waves of 21 points: each a random mixture of two of three triangles, with noise of deviation 1. No method gets more than 86 % right.</summary>
    /// <remarks>L. Breiman, J. Friedman, R. Olshen, C. Stone, "Classification and Regression Trees", 1984, section 2.6.2.</remarks>
    /// <param name="count">Number of rows; classes come in turn.</param>
    /// <param name="seed">Seed of the table.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive.</exception>
    public static (float[] Features, int Class)[] Waveform(int count, long seed = 42) => Draw(count, seed, 1, (ref CounterRandom random, int i) =>
    {
        var kind = i % Waves;
        var (first, second) = kind switch { 0 => (0, 1), 1 => (0, 2), _ => (1, 2) };
        var share = random.Uniform();
        var features = new float[WaveLength];
        for (var j = 0; j < WaveLength; j++)
            features[j] = share * Triangle(first, j) + (1 - share) * Triangle(second, j) + random.Normal();
        return (features, kind);
    });

    /// <summary>Ten standard normal features; true where the sum of their squares is above its median. No plane tells the two apart.</summary>
    /// <remarks>T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", 2009, equation 10.2.</remarks>
    /// <inheritdoc cref="Waveform"/>
    public static (float[] Features, bool Label)[] Shell(int count, long seed = 42) => Draw(count, seed, 2, (ref CounterRandom random, int _) =>
    {
        var features = new float[10];
        var sum = 0.0;
        foreach (ref var feature in features.AsSpan())
        {
            feature = random.Normal();
            sum += feature * feature;
        }
        return (features, sum > Median);
    });

    /// <summary>Ten features in [0, 1], of which five matter: 10·sin(π·x₁·x₂) + 20·(x₃ − ½)² + 10·x₄ + 5·x₅, with noise of deviation 1.</summary>
    /// <remarks>J. Friedman, "Multivariate Adaptive Regression Splines", Annals of Statistics 19:1 (1991), equation 61.</remarks>
    /// <inheritdoc cref="Waveform"/>
    public static (float[] Features, float Value)[] Friedman(int count, long seed = 42) => Draw(count, seed, 3, (ref CounterRandom random, int _) =>
    {
        var x = new float[10];
        foreach (ref var feature in x.AsSpan())
            feature = random.Uniform();
        var value = 10 * MathF.Sin(MathF.PI * x[0] * x[1]) + 20 * (x[2] - 0.5f) * (x[2] - 0.5f) + 10 * x[3] + 5 * x[4];
        return (x, value + random.Normal());
    });

    private delegate TRow RowOf<TRow>(ref CounterRandom random, int index);

    private static TRow[] Draw<TRow>(int count, long seed, ulong table, RowOf<TRow> row)
    {
        if (count < 1)
            throw new ArgumentOutOfRangeException(nameof(count), $"GeneratedTable needs 1 row or more, but count is {count}.");
        var rows = new TRow[count];
        for (var i = 0; i < count; i++)
        {
            var random = CounterRandom.Of((ulong)seed, table, (ulong)i);
            rows[i] = row(ref random, i);
        }
        return rows;
    }

    /// <summary>A triangle of height 6 over the points around 6, 14 or 10.</summary>
    private static float Triangle(int which, int point) => Math.Max(0, 6 - Math.Abs(point - (which switch { 0 => 6, 1 => 14, _ => 10 })));
}
