using System.Globalization;

namespace AnalogTorch.Examples;

/// <summary>What one way gave, over all seeds.</summary>
/// <param name="Way">Name of the way.</param>
/// <param name="Mean">Final accuracy, mean over the seeds.</param>
/// <param name="Std">Its standard deviation.</param>
/// <param name="Seconds">Time of a training.</param>
/// <param name="Gap">What floating point got right more, seed against seed; null where there is nothing to compare.</param>
/// <param name="Runs">The trainings, by seed.</param>
internal sealed record Summary<TResult>(string Way, double Mean, double Std, double Seconds, double? Gap, IReadOnlyList<TResult> Runs)
    where TResult : TrainingResult
{
    /// <summary>The columns that <see cref="Cells"/> fills.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["way", "test accuracy", "seeds", "± over seeds", "against digital", "seconds"];

    /// <summary>The summaries of the ways that have results.</summary>
    /// <param name="ways">Names of the ways, in the order of the report.</param>
    /// <param name="results">All results.</param>
    /// <param name="digital">Name of the way that the others are compared to.</param>
    public static IReadOnlyList<Summary<TResult>> Of(IEnumerable<string> ways, IReadOnlyList<TResult> results, string digital) =>
        [.. ways.Where(way => results.Any(result => result.Way == way)).Select(way => Of(way, results, digital))];

    private static Summary<TResult> Of(string way, IReadOnlyList<TResult> results, string digital)
    {
        var runs = results.Where(result => result.Way == way).OrderBy(result => result.Seed).ToArray();
        var accuracies = runs.Select(result => result.FinalAccuracy).ToArray();
        // Seed against seed: a run that was stopped may have different ones.
        double[] gaps =
        [
            .. from reference in results
               where reference.Way == digital
               join run in runs on reference.Seed equals run.Seed
               select reference.FinalAccuracy - run.FinalAccuracy,
        ];
        return new(way, accuracies.Average(), Numbers.Deviation(accuracies), runs.Average(result => result.Seconds), gaps.Length == 0 ? null : gaps.Average(), runs);
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
            if (Gap is { } gap)
                figures.Add(("gap_to_digital", gap));
            return figures;
        }
    }

    /// <summary>The cells of a table.</summary>
    /// <param name="digital">Name of the way that the others are compared to.</param>
    public string[] Cells(string digital) =>
    [
        Way, Numbers.Percent(Mean), string.Join(", ", Runs.Select(run => run.Seed)), Runs.Count == 1 ? "" : Numbers.Percent(Std),
        Gap is { } gap && Way != digital ? string.Create(CultureInfo.InvariantCulture, $"{Math.Round(-100 * gap, 2):+0.00;-0.00;0.00} pp") : "",
        Seconds.ToString("F0", CultureInfo.InvariantCulture),
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
