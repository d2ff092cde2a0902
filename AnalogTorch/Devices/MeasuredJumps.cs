using System.Globalization;
using AnalogTorch.Core;

namespace AnalogTorch.Devices;

/// <summary>Steps tabulated from measured pulse sequences.</summary>
public sealed record MeasuredJumps : JumpStatistics, ICrossChecked
{
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
    public void Check()
    {
        if (Up.Count == 0 || Up.Count % QuantileCount != 0 || Up.Count != Down.Count)
            throw new ArgumentException($"MeasuredJumps.Up and .Down must hold the same whole number of bins of {QuantileCount} quantiles, but hold {Up.Count} and {Down.Count} numbers.");
        if (!Up.All(float.IsFinite) || !Down.All(float.IsFinite))
            throw new ArgumentException("MeasuredJumps.Up and .Down must be finite, but hold NaN or infinity.");
    }

    /// <summary>Tables made from sequences of conductances read after each of a series of equal pulses.</summary>
    /// <param name="upSequences">Sequences under upward pulses, in any one unit.</param>
    /// <param name="downSequences">Sequences under downward pulses, in the same unit; none if the device only goes up.</param>
    /// <param name="bins">Number of bins of conductance. A bin without a measured step takes those of its nearest neighbour.</param>
    /// <param name="quantiles">Number of quantiles in a bin.</param>
    public static MeasuredJumps FromSequences(
        IEnumerable<IReadOnlyList<double>> upSequences, IEnumerable<IReadOnlyList<double>> downSequences, int bins = 50, int quantiles = 101)
    {
        var ups = upSequences.ToArray();
        var downs = downSequences.ToArray();
        var all = ups.Concat(downs).SelectMany(sequence => sequence).ToArray();
        if (all.Length < 2 || all.Any(value => !double.IsFinite(value)))
            throw new ArgumentException($"MeasuredJumps.FromSequences needs at least two finite conductances, but got {all.Length} numbers; remove empty or broken rows.");
        var lowest = Math.Min(all.Min(), 0); // a scale that is centred on zero is shifted to start there
        var max = all.Max() - lowest;
        if (max == 0)
            throw new ArgumentException("MeasuredJumps.FromSequences needs conductances that change, but all are 0.");
        return new MeasuredJumps { Up = Table(ups), Down = Table(downs), QuantileCount = quantiles };

        ValueList<float> Table(IReadOnlyList<double>[] sequences)
        {
            var steps = Enumerable.Range(0, bins).Select(_ => new List<double>()).ToArray();
            foreach (var sequence in sequences)
                for (var i = 1; i < sequence.Count; i++)
                    steps[Math.Clamp((int)((sequence[i - 1] - lowest) / max * bins), 0, bins - 1)].Add((sequence[i] - sequence[i - 1]) / max);
            var filled = Enumerable.Range(0, bins).Where(bin => steps[bin].Count > 0).ToArray();
            return new(Enumerable.Range(0, bins).SelectMany(bin => filled.Length == 0
                ? new float[quantiles]
                : QuantilesOf(steps[filled.MinBy(other => Math.Abs(other - bin))])));
        }

        IEnumerable<float> QuantilesOf(List<double> steps)
        {
            var sorted = steps.Order().ToArray();
            for (var quantile = 0; quantile < quantiles; quantile++)
            {
                var position = quantile / (quantiles - 1.0) * (sorted.Length - 1);
                var below = (int)position;
                var above = Math.Min(below + 1, sorted.Length - 1);
                yield return (float)(sorted[below] + (position - below) * (sorted[above] - sorted[below]));
            }
        }
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
                    throw new InvalidDataException($"{Path.GetFileName(path)}, line {number}, column {column + 1} must be a finite number, but is '{cells[column]}'.");
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
