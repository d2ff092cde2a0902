using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Models.Networks;
using AnalogTorch.Presets;
using Spectre.Console;
using TorchSharp;

namespace AnalogTorch.Examples.Energy;

/// <summary>What networks cost on the chip, beside what they get right after a day.</summary>
internal sealed class EnergyExample : Example
{
    private static readonly string[] Trained = [EnergyTask.Training, EnergyTask.Convnet, EnergyTask.Mlp];
    private static readonly string[] OfZoo = [.. Zoo.All.Where(architecture => architecture.Inputs.Count == 1).Select(architecture => architecture.Name)];

    private readonly DigitOptions digits = new("Passes over the training images, the second half with the hardware's noise");
    private readonly Option<IReadOnlyList<string>> networks = Cli.Choices("--networks", "Networks of the zoo beside the published ones", ["squeezenet1_1", "resnet18"], OfZoo);

    public override string Name => "energy";

    public override string Description => "Count what networks do on analog tiles, and what that costs in joules, seconds and square millimetres, beside their accuracy.";

    public override IReadOnlyList<Option> Options => [networks, .. digits.Training];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        Downloads.Mnist(run);
        using var scope = torch.NewDisposeScope();
        var task = new EnergyTask
        {
            Data = run.Data?.Path,
            Images = digits.Images(arguments),
            Quick = run.Options.Quick,
            DataSeed = run.Options.Seed,
            Epochs = digits.Epochs(arguments, run.Options.Quick ? 2 : 6),
        };
        var (train, test) = task.Load(); // says what is wrong with the data before anything starts
        run.Config = Describe(task, train, test);
        var cases = EnergyCase.Published().Concat(arguments.GetValue(networks)!.SelectMany(EnergyCase.OfZoo)).ToArray();
        foreach (var entry in cases)
            run.AddRow(entry.Name, [.. Figures(entry.Report)]);
        Show(run.Console, cases);
        EnergyReport.Write(run.Report, cases);

        var (results, failure) = SideBySide.Train<EnergyTask, EnergyResult>(run, task, train.Count, Trained, each => each);
        foreach (var point in results.Where(result => result.Way == EnergyTask.Training).Take(1).SelectMany(result => result.Points))
            run.AddRow("mnist-training-90nm", [.. Figures([point]), .. point.Energy.Select(part => ($"joules_{part.Key}", part.Value))]);
        foreach (var group in results.Where(result => result.Way != EnergyTask.Training).GroupBy(result => result.Way))
        {
            foreach (var points in group.SelectMany(result => result.Points).GroupBy(point => point.Name))
                run.AddRow($"{group.Key}-{points.Key}", [("test_accuracy", points.Average(point => point.Accuracy)), ("test_accuracy_digital", group.Average(result => result.Accuracy[^1])), .. Figures([.. points])]);
        }
        Show(run.Console, results);
        EnergyReport.Write(run.Report, results);
        run.ReportConfig();
        run.Cancel.ThrowIfCancellationRequested();
        if (failure is not null)
            throw failure; // after what did succeed was written down
    }

    private static IEnumerable<(string, double)> Figures(CostReport report) =>
    [
        ("tops_per_watt", report.TopsPerWatt), ("joules_per_inference", report.JoulesPerInference), ("seconds_per_inference", report.SecondsPerInference),
        ("pipelined_seconds", report.PipelinedSeconds), ("square_metres", report.SquareMetres), ("tops_per_square_millimetre", report.TopsPerSquareMillimetre),
        ("devices", report.Devices), .. report.Energy.Select(part => ($"joules_{part.Key.ToString().ToLowerInvariant()}", part.Value)),
    ];

    private static IEnumerable<(string, double)> Figures(IReadOnlyList<Point> points) =>
    [
        ("tops_per_watt", points.Average(point => point.TopsPerWatt)), ("joules_per_inference", points.Average(point => point.Joules)), ("seconds_per_inference", points.Average(point => point.Seconds)),
        ("square_metres", points.Average(point => point.SquareMetres)), ("tops_per_square_millimetre", points.Average(point => point.TopsPerSquareMillimetre)), ("devices", points.Average(point => point.Devices)),
    ];

    private static void Show(IAnsiConsole console, IEnumerable<EnergyCase> cases)
    {
        var rows = new List<string[]>();
        foreach (var entry in cases)
        {
            var report = entry.Report;
            rows.Add([entry.Name, Text(report.TopsPerWatt), Numbers.Unit(report.JoulesPerInference, "J"), Numbers.Unit(report.SecondsPerInference, "s"),
                Text(1e6 * report.SquareMetres), Text(report.TopsPerSquareMillimetre), report.Devices == 0 ? "" : report.Devices.ToString("N0", CultureInfo.InvariantCulture)]);
        }
        foreach (var group in rows.Zip(cases).GroupBy(entry => entry.Second.Network))
            ConsoleTable.Write(console, ["case", "TOP/s/W", "energy", "time", "mm²", "TOP/s/mm²", "devices"], [.. group.Select(entry => entry.First)]);
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<EnergyResult> results)
    {
        var rows = new List<string[]>();
        foreach (var result in results.Where(result => result.Way != EnergyTask.Training))
        {
            foreach (var point in result.Points.Where(point => point.Name == "day" || !result.Points.Any(point.IsBeatenBy)))
            {
                rows.Add([$"{result.Way}, {(point.Name == "day" ? "one array a layer" : point.Name)}", Numbers.Percent(result.Accuracy[^1]), Numbers.Percent(point.Accuracy), Numbers.Unit(point.Joules, "J"),
                    Numbers.Unit(point.Seconds, "s"), Text(1e6 * point.SquareMetres), Text(point.TopsPerWatt)]);
            }
        }
        ConsoleTable.Write(console, ["network", "digital", "after a day", "energy", "time", "mm²", "TOP/s/W"], rows);
    }

    private static JsonObject Describe(EnergyTask task, Models.Data.ImageSet train, Models.Data.ImageSet test) => new()
    {
        ["training_images"] = train.Count,
        ["test_images"] = test.Count,
        ["epochs"] = task.Epochs,
        ["time_after_programming"] = Units.Day,
        ["inference"] = JsonNode.Parse(ConfigJson.Write(PcmPresets.Inference)),
        ["cost_90nm"] = JsonNode.Parse(ConfigJson.Write(new Duration90nm())),
        ["cost_14nm"] = JsonNode.Parse(ConfigJson.Write(new Duration14nm())),
    };

    private static string Text(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
