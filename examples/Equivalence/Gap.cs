namespace AnalogTorch.Examples.Equivalence;

/// <summary>What floating point is ahead of a way, in points, seed against seed on the same test samples.</summary>
/// <param name="Points">The difference, 100 times that of the scores; above 0 where floating point is better.</param>
/// <param name="OfSeeds">Standard error from seed to seed.</param>
/// <param name="OfSamples">Standard error that the choice of test samples leaves: they are as few as they are for every seed.</param>
/// <param name="Half">Half of the 95 % interval.</param>
/// <param name="Area">Mean distance of the learning curves on the validation samples, in points.</param>
/// <param name="Seeds">Number of pairs.</param>
internal sealed record Gap(double Points, double OfSeeds, double OfSamples, double Half, double Area, int Seeds)
{
    /// <summary>Within so many points two ways count as equivalent.</summary>
    public const double Margin = 0.3;

    private const double Normal = 1.959964;

    /// <summary>The gap of a way; null where no seed was trained in both ways.</summary>
    /// <remarks>
    /// With d of each seed s and sample i: the seeds give a standard error s(d̄ₛ)/√S with Student's distribution, the samples s(d̄ᵢ)/√n; half the interval is
    /// √((t·first)² + (1.96·second)²), which counts twice what seeds and samples share, and so is rather too wide. A single seed has no spread and no interval.
    /// </remarks>
    public static Gap? Of(IEnumerable<EquivalenceResult> digital, IEnumerable<EquivalenceResult> way)
    {
        var pairs = (from reference in digital join run in way on reference.Seed equals run.Seed select (reference, run)).ToArray();
        if (pairs.Length == 0)
            return null;
        var samples = pairs[0].run.Right.Length;
        double[] bySeed = [.. pairs.Select(pair => 100 * (pair.reference.Right.Average() - pair.run.Right.Average()))];
        double[] bySample = [.. Enumerable.Range(0, samples).Select(i => 100 * pairs.Average(pair => pair.reference.Right[i] - pair.run.Right[i]))];
        var (ofSeeds, ofSamples) = (Numbers.Deviation(bySeed) / Math.Sqrt(pairs.Length), Numbers.Deviation(bySample) / Math.Sqrt(samples));
        var half = pairs.Length < 2 ? double.PositiveInfinity : Math.Sqrt(Math.Pow(Confidence.Student(pairs.Length - 1) * ofSeeds, 2) + Math.Pow(Normal * ofSamples, 2));
        var area = 100 * pairs.Average(pair => pair.reference.Accuracy.Zip(pair.run.Accuracy, (one, other) => one - other).Average());
        return new(bySeed.Average(), ofSeeds, ofSamples, half, area, pairs.Length);
    }

    /// <summary>What may be said.</summary>
    public string Verdict =>
        Seeds < 2 ? "one seed: no interval"
        : Math.Abs(Points) + Half <= Margin ? "equivalent"
        : Points - Half > 0 ? Points - Half > Margin ? "behind" : "behind, perhaps by little"
        : Points + Half < 0 ? "ahead"
        : "not told apart";
}
