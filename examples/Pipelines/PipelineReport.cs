using System.Globalization;
using Spectre.Console;

namespace AnalogTorch.Examples.Pipelines;

/// <summary>Figures, tables and plots of pipelines.</summary>
internal static class PipelineReport
{
    /// <summary>A column of the table: a trainer, or its network some time after it was programmed.</summary>
    private sealed record Place(string Way, string Time, string Title)
    {
        public string Key => Time.Length == 0 ? Way : $"{Way}-{Time}";
    }

    private static readonly Place[] Places =
    [
        .. PipelineWay.All.SelectMany(way => way.Deployments.Select(each => new Place(way.Name, each.Name, way == PipelineWay.Digital ? $"{each.Title} on a chip" : each.Title))
            .Prepend(new Place(way.Name, "", way.Title))),
    ];

    /// <summary>Writes what the pipelines gave into console, figures and report.</summary>
    public static void Write(ExampleRun run, IReadOnlyList<PipelineResult> results)
    {
        if (results.Count == 0)
            return;
        foreach (var group in results.GroupBy(result => (result.Table, result.Way)))
            foreach (var (time, _) in group.First().Scores)
                AddRow(run, group.Key.Table, new Place(group.Key.Way, time, ""), [.. group]);
        foreach (var classify in new[] { true, false })
        {
            var tables = results.Select(result => result.Table).Distinct().Select(TableSource.Find).Where(source => source.Prediction != Prediction.Regression == classify).ToArray();
            if (tables.Length > 0)
                Tables(run, results, tables, classify);
        }
        run.ReportConfig();
    }

    private static void AddRow(ExampleRun run, string table, Place place, PipelineResult[] results)
    {
        var figures = results.SelectMany(result => result.Scores[place.Time]).ToArray();
        var (first, second) = TableSource.Find(table).Prediction == Prediction.Regression ? ("r_squared", "rmse") : ("test_accuracy", "log_loss");
        run.AddRow($"{table}-{place.Key}", (first, figures.Average(pair => pair[0])), ($"{first}_std", Numbers.Deviation([.. figures.Select(pair => pair[0])])),
            (second, figures.Average(pair => pair[1])), ("seconds_to_fit", results.Average(result => result.Seconds)), ("evaluations", figures.Length), ("seeds", results.Length));
    }

    private static void Tables(ExampleRun run, IReadOnlyList<PipelineResult> results, TableSource[] tables, bool classify)
    {
        var places = Places.Where(place => results.Any(result => result.Way == place.Way && result.Scores.ContainsKey(place.Time))).ToArray();
        string[] columns = [classify ? "test accuracy [%]" : "root of the mean squared error", .. tables.Select(source => source.Unit.Length == 0 ? source.Name : $"{source.Name} [{source.Unit}]")];
        var cells = places.Select(place => (string[])[place.Title, .. tables.Select(source => Cell(results, source, place, classify))]).ToArray();
        var meaning = Meaning(results, tables, classify);
        ConsoleTable.Write(run.Console, columns, cells);
        if (meaning.Length > 0)
            run.Console.WriteLine(meaning);
        run.Report.Heading(classify ? "Classes" : "Numbers")
            .Text((classify ? "Share of the test rows that a pipeline gets right" : "Error on the test rows; what a network loses on a chip is a part of it")
                + ", mean and deviation over seeds and chips. SDCA and L-BFGS are ML.NET's own linear trainers"
                + (classify ? "" : "; L-BFGS is its Poisson regression, which takes no negative numbers") + ". The networks stand in the same pipeline after the same transforms. On chips, gain and offset of every output are found anew on the training rows at that time; \"factors only\" have one factor a layer against drift.")
            .Text(meaning).Table(columns, cells);
        foreach (var source in tables)
        {
            var bars = places.Select(place => (place, Values: Values(results, source, place, classify))).Where(bar => bar.Values.Length > 0)
                .Select(bar => new Column(Short(bar.place), bar.Values.Average(), Numbers.Deviation(bar.Values))).ToArray();
            var plot = Plots.Bars(classify ? "test accuracy [%]" : source.Unit.Length == 0 ? "error" : $"error [{source.Unit}]", classify ? "F1" : "F3", bars);
            if (classify)
                plot.Between(Math.Max(0, Math.Floor(bars.Min(bar => bar.Value)) - 3), 100);
            run.Report.Plot(plot, $"{source.Name}{(classify ? ". The axis does not start at 0." : ".")}", 1000);
        }
    }

    /// <summary>What a day on a chip costs the network that was trained for it, chip against its own network in floating point; empty where there is one chip.</summary>
    private static string Meaning(IReadOnlyList<PipelineResult> results, TableSource[] tables, bool classify)
    {
        const string Day = "day";
        var words = new List<string>();
        foreach (var source in tables)
        {
            double[] changes = [.. results.Where(result => result.Table == source.Name && result.Way == PipelineWay.Aware.Name && result.Scores.ContainsKey(Day))
                .SelectMany(result => result.Scores[Day].Select(chip => classify ? 100 * (chip[0] - result.Scores[""][0][0]) : 100 * (chip[1] / result.Scores[""][0][1] - 1)))];
            if (changes.Length < 2)
                continue;
            var (mean, half) = (changes.Average(), Confidence.OfMean(changes));
            words.Add(Math.Abs(mean) <= half ? $"{source.Name} not told apart" : string.Create(CultureInfo.InvariantCulture, $"{source.Name} {mean:+0.00;−0.00} {(classify ? "points" : "% of the error")}"));
        }
        return words.Count == 0 ? "" : $"What a day on a chip changes, with recalibration, against the same network in floating point (95 % intervals over chips and seeds): {string.Join("; ", words)}.";
    }

    private static double[] Values(IReadOnlyList<PipelineResult> results, TableSource source, Place place, bool classify) =>
        [.. results.Where(result => result.Table == source.Name && result.Way == place.Way && result.Scores.ContainsKey(place.Time))
            .SelectMany(result => result.Scores[place.Time]).Select(pair => classify ? 100 * pair[0] : pair[1])];

    private static string Cell(IReadOnlyList<PipelineResult> results, TableSource source, Place place, bool classify)
    {
        var values = Values(results, source, place, classify);
        if (values.Length == 0)
            return "";
        var mean = values.Average().ToString(classify ? "F2" : "F3", CultureInfo.InvariantCulture);
        return values.Length == 1 ? mean : $"{mean} ± {Numbers.Deviation(values).ToString(classify ? "F2" : "F3", CultureInfo.InvariantCulture)}";
    }

    /// <summary>A name that fits below a bar.</summary>
    private static string Short(Place place) => place.Key switch
    {
        "digital-day" => "dig. day",
        "aware-day-by-factors" => "day, factors",
        "aware-day" => "aware day",
        "aware-year" => "aware year",
        _ => place.Key,
    };
}
