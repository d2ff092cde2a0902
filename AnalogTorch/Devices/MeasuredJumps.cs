using System.Globalization;
using AnalogTorch.Core;

namespace AnalogTorch.Devices;

/// <summary>Steps tabulated from measured pulse sequences.</summary>
public sealed record MeasuredJumps : JumpStatistics, ICrossChecked
{
    private const int StepsOfBin = 30; // from which quantiles are taken, of neighbours if a bin has fewer

    /// <summary>Upward steps relative to the highest conductance, bin by bin, each bin's quantiles in ascending order.</summary>
    public ValueList<float> Up { get; init => field = NotNull(value); } = [0.01f, 0.03f, 0f, 0.01f];

    /// <summary>Downward steps relative to the highest conductance, bin by bin, each bin's quantiles in ascending order.</summary>
    public ValueList<float> Down { get; init => field = NotNull(value); } = [-0.01f, 0f, -0.03f, -0.01f];

    /// <summary>Number of quantiles in a bin.</summary>
    [Unit("1")]
    public int QuantileCount { get; init => field = Within(value, 2, 10_000); } = 2;

    /// <inheritdoc/>
    public override int Bins => Up.Count / QuantileCount;

    /// <inheritdoc/>
    public override int Quantiles => QuantileCount;

    /// <inheritdoc/>
    public override float[] UpTable() => [.. Up];

    /// <inheritdoc/>
    public override float[] DownTable() => [.. Down];

    /// <inheritdoc/>
    public override Moments StepMoments(double relativeConductance, bool isUpward)
    {
        var (steps, last) = (isUpward ? Up : Down, Up.Count / QuantileCount - 1);
        var bin = Math.Min((int)(relativeConductance * (last + 1)), last);
        return Moments.OfQuantiles([.. Enumerable.Range(bin * QuantileCount, QuantileCount).Select(i => (double)steps[i])]);
    }

    /// <inheritdoc/>
    public void Check()
    {
        if (Up.Count == 0 || Up.Count % QuantileCount != 0 || Up.Count != Down.Count)
            throw new ArgumentException($"MeasuredJumps.Up and .Down must hold the same whole number of bins of {QuantileCount} quantiles, but hold {Up.Count} and {Down.Count} numbers.");
        if (!Up.All(float.IsFinite) || !Down.All(float.IsFinite))
            throw new ArgumentException("MeasuredJumps.Up and .Down must be finite, but hold NaN or infinity.");
    }

    /// <summary>Tables made from sequences of conductances read after each of a series of equal pulses.</summary>
    /// <remarks>
    /// Conductances are relative to the highest, from 0 on, or from the lowest if that is below 0: (x − lowest)/(highest − lowest). Where reads do
    /// not scatter, the steps of a bin are the differences of sequences that begin in it. Where they do, which shows in differences that take back
    /// what others added, the mean step of a bin is that of the course that the sequences follow, and differences are drawn together towards it by
    /// the share of the steps in their deviation, √(σ²/(σ² + 2⟨r²⟩)): a device then follows the sequences, but for what only their reading adds.
    /// </remarks>
    /// <param name="upSequences">Sequences under upward pulses, in any one unit.</param>
    /// <param name="downSequences">Sequences under downward pulses, in the same unit; none if the device only goes up.</param>
    /// <param name="bins">Number of bins of conductance. A bin without a measured step takes those of its nearest neighbour.</param>
    /// <param name="quantiles">Number of quantiles in a bin.</param>
    public static MeasuredJumps FromSequences(
        IEnumerable<IReadOnlyList<double>> upSequences, IEnumerable<IReadOnlyList<double>> downSequences, int bins = 50, int quantiles = 101)
    {
        ArgumentNullException.ThrowIfNull(upSequences);
        ArgumentNullException.ThrowIfNull(downSequences);
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(quantiles, 2);
        var ups = upSequences.ToArray();
        var downs = downSequences.ToArray();
        var all = ups.Concat(downs).SelectMany(sequence => sequence).ToArray();
        if (all.Length < 2 || all.Any(value => !double.IsFinite(value)))
            throw new ArgumentException($"MeasuredJumps.FromSequences needs at least two finite conductances, but got {all.Length} numbers; remove empty or broken rows.");
        var lowest = Math.Min(all.Min(), 0); // a scale that is centred on zero is shifted to start there
        var max = all.Max() - lowest;
        if (max == 0)
            throw new ArgumentException("MeasuredJumps.FromSequences needs conductances that change, but all are 0.");
        ups = Relative(ups);
        downs = Relative(downs);
        var traces = new PulseTraces([.. ups, .. downs]);
        return new MeasuredJumps { Up = Table(ups), Down = Table(downs), QuantileCount = quantiles };

        IReadOnlyList<double>[] Relative(IReadOnlyList<double>[] sequences) =>
            [.. sequences.Select(sequence => sequence.Select(value => (value - lowest) / max).ToArray()).Where(sequence => sequence.Length > 0)];

        ValueList<float> Table(IReadOnlyList<double>[] sequences)
        {
            var steps = traces.HasReadNoise ? StepsOfCourses(sequences, traces, bins) : Differences(sequences, bins);
            return new(steps.SelectMany(bin => QuantilesOf(bin.Steps, bin.Mean, quantiles)));
        }
    }

    /// <summary>The differences that begin in each bin.</summary>
    private static IEnumerable<(double[] Steps, double? Mean)> Differences(IReadOnlyList<double>[] sequences, int bins)
    {
        var steps = Enumerable.Range(0, bins).Select(_ => new List<double>()).ToArray();
        foreach (var sequence in sequences)
            for (var t = 1; t < sequence.Count; t++)
                steps[PulseTraces.Bin(sequence[t - 1] * bins, bins)].Add(sequence[t] - sequence[t - 1]);
        var filled = Enumerable.Range(0, bins).Where(bin => steps[bin].Count > 0).ToArray();
        return Enumerable.Range(0, bins).Select(bin =>
            (filled.Length == 0 ? [] : steps[filled.MinBy(other => Math.Abs(other - bin))].ToArray(), (double?)null));
    }

    /// <summary>For each bin, deviations of differences from the mean as far as they are steps, and the mean step.</summary>
    private static IEnumerable<(double[] Steps, double? Mean)> StepsOfCourses(IReadOnlyList<double>[] sequences, PulseTraces traces, int bins)
    {
        if (sequences.All(sequence => sequence.Count < 2))
            return Differences(sequences, bins);
        var direction = sequences.Sum(sequence => sequence[^1] - sequence[0]) < 0 ? -1 : 1;
        var courses = sequences.Select(sequence => PulseTraces.Course(sequence, direction)).ToArray();
        var means = PulseTraces.MeanSteps(courses, bins, Math.Sqrt(traces.StepVariance));
        var share = Math.Sqrt(traces.StepVariance / (traces.StepVariance + 2 * traces.ReadVariance));
        var deviations = Enumerable.Range(0, bins).Select(_ => new List<double>()).ToArray();
        foreach (var (sequence, course) in sequences.Zip(courses))
            for (var t = 1; t < sequence.Count; t++)
            {
                var bin = PulseTraces.Bin(course[t - 1] * bins, bins);
                deviations[bin].Add(share * (sequence[t] - sequence[t - 1] - means[bin]));
            }
        return Enumerable.Range(0, bins).Select(bin => (AtLeast(Math.Min(StepsOfBin, deviations.Sum(list => list.Count)), bin), (double?)means[bin]));

        double[] AtLeast(int count, int bin)
        {
            for (var radius = 0; ; radius++)
            {
                var near = deviations[Math.Max(bin - radius, 0)..Math.Min(bin + radius + 1, bins)];
                if (near.Sum(list => list.Count) >= count)
                    return [.. near.SelectMany(list => list)];
            }
        }
    }

    /// <summary>Quantiles of steps; shifted to have the mean, if one is given.</summary>
    private static IEnumerable<float> QuantilesOf(double[] steps, double? mean, int quantiles)
    {
        if (steps.Length == 0)
            return new float[quantiles];
        var sorted = steps.Order().ToArray();
        var table = Enumerable.Range(0, quantiles).Select(quantile =>
        {
            var position = quantile / (quantiles - 1.0) * (sorted.Length - 1);
            var below = (int)position;
            return sorted[below] + (position - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
        }).ToArray();
        var shift = mean is { } wanted ? wanted - MeanOf(table) : 0;
        return table.Select(value => (float)(value + shift));
    }

    /// <summary>Reads the columns of a comma-separated file of pulse sequences; short columns may end empty, a header is skipped.</summary>
    /// <exception cref="InvalidDataException">A cell is no finite number.</exception>
    public static IReadOnlyList<IReadOnlyList<double>> ReadColumns(string path)
    {
        var columns = new List<List<double>>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var cells = line.Split(',', StringSplitOptions.TrimEntries);
            if (number == 1 && cells.Any(cell => cell.Length > 0 && !TryParse(cell, out _)))
                continue;
            for (var column = 0; column < cells.Length; column++)
            {
                if (cells[column].Length == 0)
                    continue;
                if (!TryParse(cells[column], out var value))
                    throw new InvalidDataException($"{Path.GetFileName(path)}, line {number}, column {column + 1} must be a finite number, but is {Quotation.Of(cells[column])}.");
                while (columns.Count <= column)
                    columns.Add([]);
                columns[column].Add(value);
            }
        }
        return columns;
    }

    private static bool TryParse(string cell, out double value) =>
        double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
