using AnalogTorch.Core;

namespace AnalogTorch.Inference;

/// <summary>Differential evolution of a population of vectors in [0, 1]ⁿ (Storn and Price 1997, rand/1/bin).</summary>
/// <remarks>A function of the stream: the same seed finds the same vector.</remarks>
internal sealed class DifferentialEvolution(int dimensions, int population, Rng rng)
{
    private const double Weight = 0.6, Crossover = 0.9;
    private long draws;

    /// <summary>Looks for a vector for which a cost is small.</summary>
    /// <param name="cost">The cost of a vector.</param>
    /// <param name="start">Vectors to begin with; the others are random.</param>
    /// <param name="generations">How often the whole population is challenged.</param>
    /// <param name="progress">Told the least cost after each generation.</param>
    /// <param name="cancel">Ends the search early, with what was found by then.</param>
    /// <returns>The best vector, and its cost.</returns>
    public (double[] Vector, double Cost) Minimize(Func<double[], double> cost, IReadOnlyList<double[]> start, int generations, IProgress<double>? progress, CancellationToken cancel)
    {
        var members = Enumerable.Range(0, population).Select(i => i < start.Count ? start[i] : [.. Enumerable.Range(0, dimensions).Select(_ => Next())]).ToArray();
        var costs = members.Select(cost).ToArray();
        for (var generation = 0; generation < generations && !cancel.IsCancellationRequested; generation++)
        {
            for (var i = 0; i < population; i++)
            {
                var trial = Trial(members, i);
                var ofTrial = cost(trial);
                if (ofTrial <= costs[i])
                    (members[i], costs[i]) = (trial, ofTrial);
            }
            progress?.Report(costs.Min());
        }
        var best = Array.IndexOf(costs, costs.Min());
        return (members[best], costs[best]);
    }

    private double[] Trial(double[][] members, int target)
    {
        var (a, b, c) = (members[Other()], members[Other()], members[Other()]);
        var always = (int)(Next() * dimensions); // at least one number changes
        return [.. members[target].Select((value, i) => i == always || Next() < Crossover ? Reflect(a[i] + Weight * (b[i] - c[i])) : value)];

        int Other()
        {
            var index = (int)(Next() * (population - 1));
            return index < target ? index : index + 1;
        }
    }

    private static double Reflect(double value)
    {
        var folded = Math.Abs(value) % 2;
        return folded > 1 ? 2 - folded : folded;
    }

    private double Next() => (rng.Split(draws++).Key >> 11) * Math.Pow(2, -53);
}
