namespace AnalogTorch.Devices;

/// <summary>What measured pulse sequences say of a device: how its steps scatter, and how it rises or falls on average.</summary>
/// <remarks>
/// A sequence is x_t = G_t + r_t: conductances that steps have moved, and the noise of reading them. Differences x_{t+1} − x_t hold the noise of two
/// reads each, with opposite signs in neighbours: their autocovariance at lag 1 is −⟨r²⟩. Over more pulses, what steps add grows and what reads add
/// does not: U(k) = ⟨(x_{t+2k} − 2x_{t+k} + x_t)²⟩ = 2kσ² + 6⟨r²⟩, from which a straight trend has dropped out.
/// </remarks>
internal sealed class PulseTraces
{
    private const int LeastWindows = 8; // independent windows for each estimate, of which 2k + 1 reads make one
    private const double Growth = 1.4; // from one number of pulses to the next
    private const double Certain = 2, Cautious = 0.5; // standard errors
    private readonly IReadOnlyList<double>[] sequences;

    /// <summary>Takes sequences in.</summary>
    /// <param name="sequences">Conductances read after each of a series of equal pulses, upward and downward ones alike.</param>
    public PulseTraces(IReadOnlyList<double>[] sequences)
    {
        this.sequences = sequences;
        var shortest = Structure(1);
        (StepVariance, ReadVariance) = (shortest.Mean / 2, 0);
        if (Autocovariance() >= 0)
            return;
        var lowest = StepVariance;
        for (var k = 2; k <= sequences.Select(sequence => sequence.Count).DefaultIfEmpty().Max() / 2; k = Math.Max(k + 1, (int)(k * Growth)))
        {
            var structure = Structure(k);
            if (structure.Windows < LeastWindows * k)
                break;
            var estimate = (structure.Mean - shortest.Mean) / (2 * (k - 1));
            var error = Math.Sqrt(Square(structure.Error(k)) + Square(shortest.Error(1))) / (2 * (k - 1));
            HasReadNoise |= estimate + Certain * error < StepVariance;
            lowest = Math.Min(lowest, Math.Max(estimate, 0) + Cautious * error);
        }
        if (HasReadNoise)
            (StepVariance, ReadVariance) = (lowest, (shortest.Mean - 2 * lowest) / 6);
    }

    /// <summary>Whether reads scatter, more than steps vary along the course; if not, every difference is a step.</summary>
    public bool HasReadNoise { get; }

    /// <summary>Variance of a step about the mean, as it adds up over pulses (σ²).</summary>
    /// <remarks>The least of the estimates over numbers of pulses, half a standard error added to each.</remarks>
    public double StepVariance { get; }

    /// <summary>Variance of a read (⟨r²⟩).</summary>
    public double ReadVariance { get; }

    /// <summary>The course of a sequence without its noise: the nearest one that only rises, or only falls.</summary>
    /// <remarks>Isotonic regression by pooling of neighbours that are out of order; it is straight between the middles of levels.</remarks>
    /// <param name="sequence">The sequence.</param>
    /// <param name="direction">+1 if it rises, −1 if it falls.</param>
    public static double[] Course(IReadOnlyList<double> sequence, int direction)
    {
        var levels = new List<(double Value, int Count)>();
        foreach (var value in sequence)
        {
            var level = (Value: direction * value, Count: 1);
            for (; levels.Count > 0 && levels[^1].Value >= level.Value; levels.RemoveAt(levels.Count - 1))
            {
                var count = levels[^1].Count + level.Count;
                level = ((levels[^1].Value * levels[^1].Count + level.Value * level.Count) / count, count);
            }
            levels.Add(level);
        }
        var course = new double[sequence.Count];
        var (start, before) = (0, (Time: 0.0, levels[0].Value));
        foreach (var (value, count) in levels.Append((levels[^1].Value, 1))) // flat before the first middle, and after the last
        {
            var middle = start + (count - 1) / 2.0;
            for (var t = (int)Math.Ceiling(before.Time); t <= Math.Min(middle, sequence.Count - 1); t++)
            {
                var share = middle == before.Time ? 1 : (t - before.Time) / (middle - before.Time);
                course[t] = direction * (before.Value + share * (value - before.Value));
            }
            (start, before) = (start + count, (middle, value));
        }
        return course;
    }

    /// <summary>Mean change by a pulse in each bin of conductance: how far courses go in it, over the pulses that they stay.</summary>
    /// <remarks>
    /// Steps that scatter cross a bin fast or slowly by chance. So neighbours are taken together until they go farther than three times what chance
    /// alone would take them, or until chance makes less than a third of the mean of all.
    /// </remarks>
    /// <param name="courses">Courses in one direction, in relative conductance.</param>
    /// <param name="bins">Number of bins in [0, 1].</param>
    /// <param name="deviation">Standard deviation of a step, in relative conductance.</param>
    public static double[] MeanSteps(IReadOnlyList<double[]> courses, int bins, double deviation)
    {
        const double clear = 3;
        var (way, pulses) = (new double[bins], new double[bins]);
        foreach (var course in courses)
            for (var t = 1; t < course.Length; t++)
            {
                var (low, high) = (Math.Min(course[t - 1], course[t]) * bins, Math.Max(course[t - 1], course[t]) * bins);
                for (var bin = Bin(low, bins); bin <= Bin(high, bins); bin++)
                {
                    var share = high == low ? 1 : Math.Max(Math.Min(high, bin + 1) - Math.Max(low, bin), 0) / (high - low);
                    way[bin] += share * (course[t] - course[t - 1]);
                    pulses[bin] += share;
                }
            }
        var mean = Math.Abs(way.Sum()) / Math.Max(pulses.Sum(), 1);
        return [.. Enumerable.Range(0, bins).Select(bin =>
        {
            for (var radius = 0; ; radius++)
            {
                var (first, last) = (Math.Max(bin - radius, 0), Math.Min(bin + radius, bins - 1));
                var (far, count) = (way[first..(last + 1)].Sum(), pulses[first..(last + 1)].Sum());
                var chance = clear * deviation * Math.Sqrt(count);
                if (count > 0 && (Math.Abs(far) >= chance || mean * count >= chance || last - first == bins - 1))
                    return far / count;
                if (last - first == bins - 1)
                    return 0;
            }
        })];
    }

    /// <summary>The bin of a relative conductance.</summary>
    public static int Bin(double conductanceInBins, int bins) => Math.Clamp((int)conductanceInBins, 0, bins - 1);

    private static double Square(double value) => value * value;

    /// <summary>Covariance of one difference and the next.</summary>
    private double Autocovariance()
    {
        var sum = 0.0;
        foreach (var sequence in sequences.Where(sequence => sequence.Count > 2))
        {
            var mean = (sequence[^1] - sequence[0]) / (sequence.Count - 1);
            for (var t = 2; t < sequence.Count; t++)
                sum += (sequence[t] - sequence[t - 1] - mean) * (sequence[t - 1] - sequence[t - 2] - mean);
        }
        return sum;
    }

    private (double Mean, long Windows, Func<int, double> Error) Structure(int k)
    {
        var (sum, windows) = (0.0, 0L);
        foreach (var sequence in sequences)
            for (var t = 0; t + 2 * k < sequence.Count; t++, windows++)
                sum += Square(sequence[t + 2 * k] - 2 * sequence[t + k] + sequence[t]);
        var mean = windows == 0 ? 0 : sum / windows;
        return (mean, windows, pulses => mean * Math.Sqrt(4.0 * pulses / Math.Max(windows, 1)));
    }
}
