using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Presets;
using Spectre.Console;
using TorchSharp;

namespace AnalogTorch.Examples.Drift;

/// <summary>What is left of a network's accuracy a second, a day, ten years after it was programmed.</summary>
internal sealed class DriftExample : Example
{
    private static readonly string[] AllWays = [.. DeployedNetwork.Names.SelectMany(name => new[] { name, $"{name}-hwa" })];

    private readonly Option<IReadOnlyList<string>> ways = Cli.Choices("--ways", "Which networks, trained with and without the hardware's noise (-hwa)", AllWays, AllWays);
    private readonly DigitOptions digits = new("Passes over the training images, of which the second half meets the noise where a way is -hwa");

    public override string Name => "drift";

    public override string Description => "Program trained networks into phase-change memory, let them drift for ten years, and compare what compensation and noise-aware training save.";

    public override IReadOnlyList<Option> Options => [ways, .. digits.All];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        Downloads.Mnist(run);
        string[] chosen = [.. AllWays.Where(arguments.GetValue(ways)!.Contains)];
        var passes = digits.Epochs(arguments, run.Options.Quick ? 4 : 10);
        var task = new DriftTask
        {
            Data = run.Data?.Path,
            Images = digits.Images(arguments),
            Quick = run.Options.Quick,
            DataSeed = run.Options.Seed,
            Epochs = passes,
            AwareEpochs = passes / 2,
            Chips = digits.Chips(run, arguments),
        };
        using var scope = torch.NewDisposeScope();
        var (train, test) = task.Load(); // says what is wrong with the data before anything starts
        run.Config = Describe(task, train, test);
        run.Console.WriteLine($"{train.Name}: {train.Count:N0} training and {test.Count:N0} test images, {SideBySide.Count(task.Epochs, "epoch")}, {SideBySide.Count(task.Chips, "chip")} each.");
        var (results, failure) = SideBySide.Train<DriftTask, DriftResult>(run, task, train.Count, chosen, each => each);
        var series = chosen.SelectMany(way => Series(way, results)).ToArray();
        foreach (var way in chosen.Where(way => results.Any(result => result.Way == way)))
            run.AddRow(way, ("test_accuracy", Digital(way, results)), ("seeds", results.Count(result => result.Way == way)));
        foreach (var row in series)
        {
            run.AddRow(new JsonObject
            {
                ["name"] = $"{row.Way} {row.Compensation} {row.Time.ToString(CultureInfo.InvariantCulture)} s",
                ["network"] = row.Way,
                ["compensation"] = row.Compensation,
                ["time"] = row.Time,
                ["test_accuracy"] = row.Mean,
                ["test_accuracy_std"] = row.Std,
                ["evaluations"] = row.Count,
                ["share_of_digital"] = row.ShareOfDigital,
            });
        }
        Show(run.Console, chosen, series, results, test.Count);
        DriftReport.Write(run, chosen, series, way => Digital(way, results), test.Count);
        run.Cancel.ThrowIfCancellationRequested();
        if (failure is not null)
            throw failure; // after what did succeed was written down
    }

    /// <summary>Accuracies of a network under one compensation at one time, over chips and seeds.</summary>
    internal sealed record Point(string Way, string Compensation, double Time, double Mean, double Std, int Count, double ShareOfDigital);

    private static IEnumerable<Point> Series(string way, IReadOnlyList<DriftResult> results)
    {
        var ofWay = results.Where(result => result.Way == way).ToArray();
        if (ofWay.Length == 0)
            yield break;
        foreach (var compensation in DriftTask.Compensations)
        {
            foreach (var time in DriftTask.Times)
            {
                var values = ofWay.SelectMany(result => result.Cells.Where(cell => cell.Compensation == compensation && cell.Time == time).SelectMany(cell => cell.Accuracies)).ToArray();
                if (values.Length == 0)
                    continue;
                var mean = values.Average();
                yield return new(way, compensation, time, mean, Numbers.Deviation(values), values.Length, mean / Digital(way.Split('-')[0], results));
            }
        }
    }

    /// <summary>What the network got right digitally; of one that is not there, what the other of its kind did.</summary>
    private static double Digital(string way, IReadOnlyList<DriftResult> results)
    {
        var ofWay = results.Where(result => result.Way == way).ToArray();
        return (ofWay.Length > 0 ? ofWay : results.Where(result => result.Way.StartsWith(way, StringComparison.Ordinal))).Average(result => result.Accuracy[^1]);
    }

    private static void Show(IAnsiConsole console, IEnumerable<string> chosen, IReadOnlyList<Point> series, IReadOnlyList<DriftResult> results, long tested)
    {
        foreach (var way in chosen.Where(way => series.Any(point => point.Way == way)))
        {
            console.WriteLine($"{way}: {Numbers.Percent(Digital(way, results))} digitally; on a chip, by what is done against drift, {SideBySide.Count(series.First(point => point.Way == way).Count, "evaluation")}:");
            ConsoleTable.Write(console, DriftReport.Columns(series, way), DriftReport.Cells(series, way, point => Numbers.Percent(point.Mean)));
            console.WriteLine(DriftReport.Meaning(series, way, Digital(way, results), tested));
        }
    }

    private static JsonObject Describe(DriftTask task, Models.Data.ImageSet train, Models.Data.ImageSet test) => new()
    {
        ["networks"] = "mlp: 784-250-125-10 with tanh; convnet: convolutions 1-8-16 of 5×5, batch norm, ReLU, pooling, linear layers 256-64-10",
        ["training_images"] = train.Count,
        ["test_images"] = test.Count,
        ["epochs"] = task.Epochs,
        ["of_which_hardware_aware"] = task.AwareEpochs,
        ["chips"] = task.Chips,
        ["times"] = new JsonArray([.. DriftTask.Times.Select(time => (JsonNode)time)]),
        ["inference"] = JsonNode.Parse(ConfigJson.Write(DriftTask.Hardware("global"))),
        ["training"] = JsonNode.Parse(ConfigJson.Write(PcmPresets.HardwareAwareForInference)),
    };
}
