using System.Globalization;

namespace AnalogTorch.Examples;

/// <summary>What one way gave, over all seeds.</summary>
/// <param name="Way">Name of the way.</param>
/// <param name="Tested">Images that a run was tested with.</param>
/// <param name="Gap">What it got right more than floating point, seed against seed; null where there is nothing to compare.</param>
/// <param name="Runs">The trainings, by seed.</param>
internal sealed record Summary<TResult>(string Way, long Tested, Difference? Gap, IReadOnlyList<TResult> Runs)
    where TResult : TrainingResult
{
    /// <summary>The columns that <see cref="Cells"/> fills.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["way", "test accuracy", "against digital", "seeds", "time"];

    /// <summary>Final accuracy of each run.</summary>
    public IReadOnlyList<double> Accuracies { get; } = [.. Runs.Select(run => run.FinalAccuracy)];

    /// <summary>Final accuracy, mean over the seeds.</summary>
    public double Mean => Accuracies.Average();

    /// <summary>Its standard deviation; 0 for one run.</summary>
    public double Std => Numbers.Deviation(Accuracies);

    /// <summary>Time of a training.</summary>
    public double Seconds => Runs.Average(run => run.Seconds);

    /// <summary>The summaries of the ways that have results.</summary>
    /// <param name="ways">Names of the ways, in the order of the report.</param>
    /// <param name="results">All results.</param>
    /// <param name="digital">Name of the way that the others are compared to.</param>
    /// <param name="tested">Images that a run was tested with.</param>
    public static IReadOnlyList<Summary<TResult>> Of(IEnumerable<string> ways, IReadOnlyList<TResult> results, string digital, long tested) =>
        [.. ways.Where(way => results.Any(result => result.Way == way)).Select(way => Of(way, results, digital, tested))];

    /// <summary>What the differences to floating point mean, in a sentence; empty where there are none.</summary>
    /// <param name="rows">The ways.</param>
    /// <param name="digital">Name of the way that the others are compared to.</param>
    public static string Meaning(IReadOnlyList<Summary<TResult>> rows, string digital)
    {
        var others = rows.Where(row => row.Way != digital && row.Gap is not null).ToArray();
        if (others.Length == 0)
            return "";
        var seeds = others.Min(row => row.Runs.Count);
        var how = seeds > 1
            ? $"by 95 % intervals of Student over {seeds} seeds, seed against seed"
            : $"by the 95 % interval of one run on {others[0].Tested.ToString("N0", CultureInfo.InvariantCulture)} test images, which says nothing about other seeds: --seeds 3 does";
        return $"Against {digital}: {string.Join("; ", others.Select(row => $"{row.Way} is {Words(row.Gap!)}"))} ({how}).";
    }

    private static string Words(Difference gap) => string.Create(CultureInfo.InvariantCulture, $"{(!gap.IsSure ? "not told apart" : gap.Value < 0 ? "behind" : "ahead")} ({100 * gap.Value:+0.00;−0.00;0.00} ± {100 * gap.Half:F2} points)");

    private static Summary<TResult> Of(string way, IReadOnlyList<TResult> results, string digital, long tested)
    {
        var runs = results.Where(result => result.Way == way).OrderBy(result => result.Seed).ToArray();
        // Seed against seed: a run that was stopped may have different ones.
        (double Way, double Reference)[] pairs =
        [
            .. from reference in results
               where reference.Way == digital
               join run in runs on reference.Seed equals run.Seed
               select (run.FinalAccuracy, reference.FinalAccuracy),
        ];
        return new(way, tested, pairs.Length == 0 ? null : Difference.Of([.. pairs.Select(pair => pair.Way)], [.. pairs.Select(pair => pair.Reference)], tested), runs);
    }

    /// <summary>The figures of metrics.json that all ways have.</summary>
    public IReadOnlyList<(string Figure, double Value)> Figures
    {
        get
        {
            List<(string, double)> figures =
            [
                ("test_accuracy", Mean), ("test_accuracy_std", Std), ("seconds", Seconds),
                ("test_accuracy_last", Runs.Average(run => run.Accuracy[^1])), ("seeds", Runs.Count),
            ];
            var (low, high) = Confidence.Wilson(Mean, Tested);
            figures.AddRange([("test_accuracy_low", low), ("test_accuracy_high", high)]);
            if (Gap is { } gap)
                figures.AddRange([("gap_to_digital", -gap.Value), ("gap_to_digital_half_interval", gap.Half)]);
            return figures;
        }
    }

    /// <summary>The cells of a table.</summary>
    /// <param name="digital">Name of the way that the others are compared to.</param>
    public string[] Cells(string digital) =>
    [
        Way, Confidence.Percent(Accuracies, Tested), Gap is { } gap && Way != digital ? gap.ToString() : "", Runs.Count.ToString(CultureInfo.InvariantCulture), TimeAxis.Text(Math.Round(Seconds)),
    ];

    /// <summary>A value of each epoch, mean and spread over the seeds.</summary>
    /// <param name="of">The values of a training.</param>
    /// <param name="scale">Factor on them.</param>
    public Curve PerEpoch(Func<TResult, double[]> of, double scale)
    {
        var epochs = Enumerable.Range(0, Runs.Min(result => of(result).Length)).ToArray();
        var values = epochs.Select(epoch => Runs.Select(result => scale * of(result)[epoch]).ToArray()).ToArray();
        return new(Way, [.. epochs.Select(epoch => epoch + 1.0)], [.. values.Select(all => all.Average())],
            Runs.Count == 1 ? null : [.. values.Select(sample => Numbers.Deviation(sample))]);
    }
}
