using AnalogTorch.Conductance;
using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Inference;

/// <summary>Looks for the conductances of two pairs under which weights suffer least from programming noise, drift and read noise.</summary>
/// <remarks>
/// Mackin et al., Nature Communications 13:3765 (2022): tables of G⁺, G⁻, g⁺ and g⁻ at six weights, the gain F and the scale make 26 unknowns,
/// found by differential evolution on the weight error, averaged over the density of the weights and over times. The error at each time is
/// that which is left after the best common factor, as a drift compensation finds it. Tables that do not add up to their weight are mended, the
/// less significant pair first.
/// </remarks>
public sealed class MapSearch
{
    private const int Points = 6;
    private const double LeastScale = 0.3, MostGain = 8;

    /// <summary>What the devices are.</summary>
    public required MemoryStatistics Memory { get; init; }

    /// <summary>Weights in [−1, 1] of the density that is to suffer least, some thousands.</summary>
    public required Tensor Weights { get; init; }

    /// <summary>Times after programming (s) over which the squared error is averaged.</summary>
    public IReadOnlyList<double> Times { get; init; } = [1, Units.Hour, Units.Day, 30 * Units.Day];

    /// <summary>Vectors that compete.</summary>
    public int Population { get; init; } = 40;

    /// <summary>How often all of them are challenged.</summary>
    public int Generations { get; init; } = 150;

    /// <summary>Seed of the search, and of the noise that all candidates meet.</summary>
    public long Seed { get; init; }

    /// <summary>Searches.</summary>
    /// <param name="progress">Told the error of the best map after each generation.</param>
    /// <param name="cancel">Ends the search early, with what was found by then.</param>
    /// <returns>The best map.</returns>
    /// <exception cref="ArgumentException">There are no weights or times, or they are out of range.</exception>
    public TabulatedPairs Run(IProgress<double>? progress = null, CancellationToken cancel = default)
    {
        if (Weights.NumberOfElements == 0 || Weights.abs().max().item<float>() > 1)
            throw new ArgumentException("MapSearch.Weights must hold at least one weight, all in [-1, 1]; divide them by the largest.");
        if (Times.Count == 0 || Times.Any(time => !(time >= 0 && double.IsFinite(time))))
            throw new ArgumentException("MapSearch.Times must hold at least one time, none before programming.");
        var search = new DifferentialEvolution(4 * Points + 2, Population, Rng.FromSeed(Seed).Split("evolution"));
        var (vector, _) = search.Minimize(candidate => Error(MapOf(candidate)), [.. Starts()], Generations, progress, cancel);
        return MapOf(vector);
    }

    /// <summary>Root mean square of the error of weights under a map, over that of the weights themselves, averaged over weights and times.</summary>
    /// <param name="map">The map.</param>
    public double Error(WeightMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var weights = Weights.view(1, -1);
        var sample = new MemorySample(map, Memory, weights, Rng.FromSeed(Seed).Split("devices"));
        var sum = 0.0;
        foreach (var time in Times)
        {
            using var inner = NewDisposeScope();
            var held = sample.At(time);
            var factor = (held * weights).sum() / held.square().sum().clamp_min_(float.Epsilon);
            sum += ((held * factor - weights).square().sum() / weights.square().sum().clamp_min_(float.Epsilon)).item<float>();
        }
        return Math.Sqrt(sum / Times.Count);
    }

    /// <summary>Vectors to begin with: the less significant pair filled first, with several gains and scales, exactly and with all numbers moved a little.</summary>
    private IEnumerable<double[]> Starts()
    {
        yield return VectorOf(new());
        var rng = Rng.FromSeed(Seed).Split("starts");
        for (var start = 1; start < Population; start++)
        {
            double[] exact = [Uniform(start, 0), Uniform(start, 1), .. Enumerable.Repeat(0.0, 4 * Points)]; // what is missing is mended, the less significant pair first
            var reach = 0.3 * start / Population;
            yield return [.. VectorOf(MapOf(exact)).Select((value, i) => Math.Clamp(value + reach * (2 * Uniform(start, 2 + i) - 1), 0, 1))];
        }

        double Uniform(int start, int index) => (rng.Split(start).Split(index).Key >> 11) * Math.Pow(2, -53);
    }

    private static double[] VectorOf(TabulatedPairs map) =>
    [
        (map.Gain - 1) / (MostGain - 1), (map.Scale - LeastScale) / (1 - LeastScale),
        .. map.MorePlus.Concat(map.MoreMinus).Concat(map.LessPlus).Concat(map.LessMinus).Select(share => (double)share),
    ];

    private static TabulatedPairs MapOf(double[] vector)
    {
        var (gain, scale) = (1 + (MostGain - 1) * vector[0], LeastScale + (1 - LeastScale) * vector[1]);
        var tables = Enumerable.Range(0, 4).Select(table => vector.AsSpan(2 + table * Points, Points).ToArray()).ToArray();
        double[] significances = [gain, -gain, 1, -1];
        for (var point = 0; point < Points; point++)
        {
            var missing = (double)point / (Points - 1) * scale * (gain + 1) - significances.Select((significance, table) => significance * tables[table][point]).Sum();
            foreach (var table in new[] { 2, 3, 0, 1 })
            {
                var mended = Math.Clamp(tables[table][point] + missing / significances[table], 0, 1);
                missing -= significances[table] * (mended - tables[table][point]);
                tables[table][point] = mended;
            }
        }
        return new() { Gain = gain, Scale = scale, MorePlus = List(0), MoreMinus = List(1), LessPlus = List(2), LessMinus = List(3) };

        ValueList<float> List(int table) => new(tables[table].Select(share => (float)share));
    }
}
