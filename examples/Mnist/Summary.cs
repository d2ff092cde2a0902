using System.Globalization;

namespace AnalogTorch.Examples.Mnist;

/// <summary>What one way gave, over all seeds.</summary>
internal sealed record Summary(Way Way, double Mean, double Std, double Seconds, double? Gap, IReadOnlyList<TrainingResult> Runs)
{
    public static Summary Of(Way way, IReadOnlyList<TrainingResult> results)
    {
        var runs = results.Where(result => result.Way == way.Name).OrderBy(result => result.Seed).ToArray();
        var accuracies = runs.Select(result => result.FinalAccuracy).ToArray();
        // Seed against seed: a run that was stopped may have different ones.
        double[] gaps =
        [
            .. from digital in results
               where digital.Way == Way.Digital.Name
               join run in runs on digital.Seed equals run.Seed
               select digital.FinalAccuracy - run.FinalAccuracy,
        ];
        return new(way, accuracies.Average(), Deviation(accuracies), runs.Average(result => result.Seconds), gaps.Length == 0 ? null : gaps.Average(), runs);
    }

    /// <summary>The figures of metrics.json.</summary>
    public (string Figure, double Value)[] Figures
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
            if (Runs[0].Findings is { Early: { } early, Late: { } late })
            {
                figures.Add(("pulses_per_weight_early", early.Total.Average()));
                figures.Add(("net_pulses_per_weight_early", Math.Sqrt(early.Net.Average(net => net * net))));
                figures.Add(("pulses_per_weight_late", late.Total.Average()));
                figures.Add(("net_pulses_per_weight_late", Math.Sqrt(late.Net.Average(net => net * net))));
            }
            return [.. figures];
        }
    }

    /// <summary>The cells of a table.</summary>
    public string[] Cells =>
    [
        Way.Name, Percent(Mean), string.Join(", ", Runs.Select(run => run.Seed)), Runs.Count == 1 ? "" : Percent(Std),
        Gap is { } gap && Way.Hardware is not null ? string.Create(CultureInfo.InvariantCulture, $"{-100 * gap:+0.00;-0.00} pp") : "",
        Seconds.ToString("F0", CultureInfo.InvariantCulture),
    ];

    public static string Percent(double fraction) => string.Create(CultureInfo.InvariantCulture, $"{100 * fraction:F2} %");

    /// <summary>Standard deviation of a sample; 0 for one value.</summary>
    public static double Deviation(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        return values.Count < 2 ? 0 : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
    }
}
