using System.CommandLine;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Models.Data;
using Spectre.Console;
using TorchSharp;

namespace AnalogTorch.Examples.Mnist;

/// <summary>The 528-250-125-10 network learns digits digitally, on PCM pairs, and on the MSP/LSP cell without and with inversion.</summary>
internal sealed class MnistExample : Example
{
    private readonly Option<string> dataset = Cli.Choice("--dataset", "Digits as they are, or on a background of random pixels", "plain", "backrand");
    private readonly Option<IReadOnlyList<string>> ways = Cli.Choices(
        "--ways", "Which ways to train", [.. Way.Ladder.Select(way => way.Name)], [.. Way.All.Select(way => way.Name)]);
    private readonly Option<int?> epochs = Cli.Optional("--epochs", "Passes over the training images", "what suits the data", 1, 10_000);
    private readonly Option<int?> images = Cli.Optional("--images", "Training images", "what suits the data", 1, 1_000_000);
    private readonly Option<int> batch = Cli.Integer("--batch", "Images of one step", 1, 1, 100_000);

    private readonly Option<int?> transferEvery = Cli.Optional("--transfer-every", "Examples between two transfers of the MSP/LSP cell, which then come at no other time", "when cells need one", 1, 1_000_000);
    private readonly Option<double> rate = Cli.Number("--rate", "Factor on the learning rates", 1, 0, 1000);
    private readonly Option<bool> tensorboard = Cli.Flag("--tensorboard", "Also write event files for TensorBoard, to tensorboard/ below --out");

    public override string Name => "mnist";

    public override string Description => "Train the 2T2R+3T1C network in memory on handwritten digits, beside a digital twin and the cells it improves on.";

    public override IReadOnlyList<Option> Options => [dataset, ways, epochs, images, batch, transferEvery, rate, tensorboard];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        Downloads.Mnist(run);
        var chosen = Way.All.Where(way => arguments.GetValue(ways)!.Contains(way.Name)).ToArray();
        var length = arguments.GetValue(epochs) ?? (run.Options.Quick ? 3 : run.Data is null ? 6 : 20);
        var task = new MnistTask
        {
            Data = run.Data?.Path,
            Background = arguments.GetValue(dataset) == "backrand",
            Images = arguments.GetValue(images) ?? 0,
            Quick = run.Options.Quick,
            DataSeed = run.Options.Seed,
            Epochs = length,
            BatchSize = arguments.GetValue(batch),
            TransferEvery = arguments.GetValue(transferEvery) ?? 0,
            RateFactor = arguments.GetValue(rate),
            EventFolder = arguments.GetValue(tensorboard) ? Path.Combine(Path.GetFullPath(run.Options.Output), "tensorboard") : null,
        };
        using var scope = torch.NewDisposeScope();
        var (train, test) = task.Load(); // says what is wrong with the data before anything starts
        run.Config = Describe(chosen, task, train, test);
        run.Console.WriteLine($"{train.Name}: {train.Count:N0} training and {test.Count:N0} test images, {SideBySide.Count(length, "epoch")}, {SideBySide.Count(chosen.Length, "way")} × {SideBySide.Count(run.Options.Seeds, "seed")}.");

        var (results, failure) = SideBySide.Train<MnistTask, MnistResult>(
            run, task, train.Count, [.. chosen.Select(way => way.Name)], each => each with { Observe = each.Seed == run.Options.Seed });
        var rows = Summary<MnistResult>.Of(chosen.Select(way => way.Name), results, Way.Digital.Name, test.Count);
        foreach (var row in rows)
            run.AddRow(row.Way, [.. row.Figures, .. Pulses(row.Runs[0].Findings)]);
        if (rows.Count > 0)
            SideBySide.Show(run.Console, rows, Way.Digital.Name);
        if (TransferCount.Warning(results.Select(result => (result.Way, result.Transfers))) is { } warning)
        {
            run.Console.WriteLine(warning);
            run.Report.Text(warning);
        }
        MnistReport.Write(run, rows, chosen);
        run.Cancel.ThrowIfCancellationRequested();
        if (failure is not null)
            throw failure; // after the trainings that did succeed were written down
    }

    private static (string Figure, double Value)[] Pulses(Findings? findings) => findings is { Early: { } early, Late: { } late }
        ? [
            ("pulses_per_weight_early", early.Total.Average()),
            ("net_pulses_per_weight_early", Math.Sqrt(early.Net.Average(net => net * net))),
            ("pulses_per_weight_late", late.Total.Average()),
            ("net_pulses_per_weight_late", Math.Sqrt(late.Net.Average(net => net * net))),
        ]
        : [];

    private static JsonObject Describe(IReadOnlyList<Way> chosen, MnistTask task, ImageSet train, ImageSet test) => new()
    {
        ["network"] = "528-250-125-10, tanh, softmax cross-entropy",
        ["dataset"] = task.Background ? "backrand" : "plain",
        ["training_images"] = train.Count,
        ["test_images"] = test.Count,
        ["epochs"] = task.Epochs,
        ["batch_size"] = task.BatchSize,
        ["evaluations_averaged"] = TrainingResult.Averaged(task.Epochs),
        ["ways"] = new JsonObject(chosen.Select(way => KeyValuePair.Create(way.Name, (JsonNode?)new JsonObject
        {
            ["learning_rate"] = task.RateFactor * way.LearningRate,
            ["hardware"] = way.Every(task.Interval).Hardware is { } hardware ? JsonNode.Parse(ConfigJson.Write(hardware)) : null,
        }))),
    };
}
