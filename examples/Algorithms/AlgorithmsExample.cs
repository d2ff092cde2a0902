using System.CommandLine;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using Spectre.Console;
using TorchSharp;

namespace AnalogTorch.Examples.Algorithms;

/// <summary>Every training rule on the same network, data and device: accuracy, pulses, wear, time and energy.</summary>
internal sealed class AlgorithmsExample : Example
{
    private static readonly string[] Swept = ["sgd", "tt-v1", "tt-v2", "c-tt-v2", "agad", "residual-v2", "residual-4", "mixed-precision"];

    private readonly Option<IReadOnlyList<string>> rules = Cli.Choices(
        "--rules", "Which rules", [.. AlgorithmRule.All.Select(rule => rule.Name)], [.. AlgorithmRule.All.Select(rule => rule.Name)]);
    private readonly Option<string> device = Cli.Choice("--device", "The device of every rule but msp-lsp", AlgorithmRule.Devices);
    private readonly Option<int> states = Cli.Integer("--states", "States of a device with a response function", 50, 2, 100_000);
    private readonly Option<double> asymmetry = Cli.Number("--asymmetry", "Mean imbalance of its up and down steps", 0, -0.9, 0.9);
    private readonly Option<double> offset = Cli.Number("--offset", "Standard deviation of what references are off, over half the range", 0.05, 0, 1);
    private readonly Option<string> network = Cli.Choice("--network", "The network", [.. AlgorithmNetworks.All.Select(entry => entry.Name)]);
    private readonly Option<int?> epochs = Cli.Optional("--epochs", "Passes over the training images", "what suits the run", 1, 10_000);
    private readonly Option<int?> images = Cli.Optional("--images", "Training images", "what suits the data", 1, 1_000_000);
    private readonly Option<int> batch = Cli.Integer("--batch", "Images of one step", 8, 1, 100_000);
    private readonly Option<double> rate = Cli.Number("--rate", "Factor on the learning rates", 1, 0, 1000);
    private readonly Option<bool> noSweeps = Cli.Flag("--no-sweeps", "Leave out the curves over states, asymmetry and offset");

    public override string Name => "algorithms";

    public override string Description => "Put every training rule, from plain pulses to residual learning, on the same network, data and device.";

    public override IReadOnlyList<Option> Options => [rules, device, states, asymmetry, offset, network, epochs, images, batch, rate, noSweeps];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        Downloads.Mnist(run);
        var chosen = AlgorithmRule.All.Where(rule => arguments.GetValue(rules)!.Contains(rule.Name)).ToArray();
        var task = new AlgorithmTask
        {
            Data = run.Data?.Path,
            Images = arguments.GetValue(images) ?? 0,
            Quick = run.Options.Quick,
            DataSeed = run.Options.Seed,
            Epochs = arguments.GetValue(epochs) ?? (run.Options.Quick ? 1 : 6),
            BatchSize = arguments.GetValue(batch),
            RateFactor = arguments.GetValue(rate),
            Device = arguments.GetValue(device)!,
            States = arguments.GetValue(states),
            Asymmetry = arguments.GetValue(asymmetry),
            Offset = arguments.GetValue(offset),
            Network = arguments.GetValue(network)!,
        };
        CheckAll(chosen, task);
        long count;
        using (torch.NewDisposeScope())
            count = task.Load().Train.Count;
        run.Config = Describe(task, chosen, count);
        // Floating point is what the others are compared with, and quickest: it goes last.
        var tasks = run.Seeds.SelectMany(seed => chosen.Reverse().Select(rule => task with { Way = rule.Name, Seed = seed })).ToArray();
        run.Console.WriteLine($"{SideBySide.Count(chosen.Length, "rule")} × {SideBySide.Count(run.Options.Seeds, "seed")} on {task.Device}, {count:N0} images, {SideBySide.Count(task.Epochs, "epoch")}.");
        var (done, failure) = SideBySide.Train<AlgorithmTask, AlgorithmResult>(run, tasks, each => run.Options.Seeds == 1 ? each.Way : $"{each.Way} {each.Seed}", count, "images");
        var results = done.Select(entry => entry.Result).ToArray();
        var digital = results.Where(result => result.Way == AlgorithmRule.Digital.Name).Select(result => result.Seconds).DefaultIfEmpty(double.NaN).Average();
        AlgorithmRow[] rows =
        [
            .. Summary<AlgorithmResult>.Of(chosen.Select(rule => rule.Name), results, AlgorithmRule.Digital.Name, task.TestCount())
                .Select(summary => new AlgorithmRow(summary, summary.Seconds / digital)),
        ];
        foreach (var row in rows)
            run.AddRow(row.Summary.Way, [.. row.Figures]);
        AlgorithmReport.Write(run, rows, task);
        if (failure is null && !run.Cancel.IsCancellationRequested && !run.Options.Quick && !arguments.GetValue(noSweeps) && AlgorithmRule.Curved.Contains(task.Device))
            failure = Sweeps(run, task, chosen, count, done);
        run.ReportConfig();
        run.Cancel.ThrowIfCancellationRequested();
        if (failure is not null)
            throw failure;
    }

    private static Exception? Sweeps(
        ExampleRun run, AlgorithmTask task, IReadOnlyList<AlgorithmRule> chosen, long count, IReadOnlyList<(AlgorithmTask Task, AlgorithmResult Result)> done)
    {
        Sweep[] sweeps =
        [
            new("states [1]", [10, task.States, 500], each => each.States, (each, value) => each with { States = value }),
            new("asymmetry [1]", [task.Asymmetry, 0.2, 0.5], each => each.Asymmetry, (each, value) => each with { Asymmetry = value }),
            new("reference offset [1]", [task.Offset, 0.2, 0.5], each => each.Offset, (each, value) => each with { Offset = value }),
        ];
        var ways = chosen.Select(rule => rule.Name).Intersect(Swept).ToArray();
        var tasks = sweeps.SelectMany(sweep => sweep.Values.Where(value => value != sweep.Of(task)).SelectMany(value => ways.Select(way =>
            sweep.With(task with { Way = way, Seed = run.Options.Seed }, value)))).ToArray();
        var (swept, failure) = SideBySide.Train<AlgorithmTask, AlgorithmResult>(run, tasks, each => $"{each.Way} {each.States}/{each.Asymmetry}/{each.Offset}", count, "images");
        var first = done.Where(entry => entry.Task.Seed == run.Options.Seed).ToArray();
        foreach (var sweep in sweeps)
            AlgorithmReport.Write(run, sweep, [.. first.Concat(swept.Where(entry => sweep.With(entry.Task, sweep.Of(task)) == task with { Way = entry.Task.Way, Seed = entry.Task.Seed }))
                .Where(entry => ways.Contains(entry.Task.Way))]);
        return failure;
    }

    /// <summary>Says what a rule cannot do on the device before anything is trained.</summary>
    private static void CheckAll(IReadOnlyList<AlgorithmRule> chosen, AlgorithmTask task)
    {
        foreach (var rule in chosen)
            (task with { Way = rule.Name }).Hardware?.CheckAll();
    }

    private static JsonObject Describe(AlgorithmTask task, IReadOnlyList<AlgorithmRule> chosen, long count) => new()
    {
        ["network"] = AlgorithmNetworks.All.Single(entry => entry.Name == task.Network).What,
        ["training_images"] = count,
        ["epochs"] = task.Epochs,
        ["batch_size"] = task.BatchSize,
        ["rules"] = new JsonObject(chosen.Select(rule => KeyValuePair.Create(rule.Name, (JsonNode?)new JsonObject
        {
            ["learning_rate"] = task.RateFactor * rule.LearningRate,
            ["hardware"] = (task with { Way = rule.Name }).Hardware is { } hardware ? JsonNode.Parse(ConfigJson.Write(hardware)) : null,
        }))),
    };
}
