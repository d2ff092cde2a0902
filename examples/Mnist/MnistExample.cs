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
    private readonly Option<int> epochs = Cli.Integer("--epochs", "Passes over the training images; 0 takes what suits the data", 0, 0, 10_000);
    private readonly Option<int> images = Cli.Integer("--images", "Training images; 0 takes what suits the data", 0, 0, 1_000_000);
    private readonly Option<int> batch = Cli.Integer("--batch", "Images of one step", 1, 1, 100_000);

    public override string Name => "mnist";

    public override string Description => "Train the 2T2R+3T1C network in memory on handwritten digits, beside a digital twin and the cells it improves on.";

    public override IReadOnlyList<Option> Options => [dataset, ways, epochs, images, batch];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        torch.set_num_threads(1); // the trainings run side by side, one on a core
        var backrand = arguments.GetValue(dataset) == "backrand";
        var chosen = Way.All.Where(way => arguments.GetValue(ways)!.Contains(way.Name)).ToArray();
        var length = arguments.GetValue(epochs) is > 0 and var asked ? asked : run.Options.Quick ? 3 : run.Data is null ? 10 : 20;

        using var scope = torch.NewDisposeScope();
        var (train, test) = Load(run, arguments.GetValue(images), backrand);
        run.Config = Describe(chosen, backrand, length, train, test, arguments.GetValue(batch));
        run.Console.WriteLine($"{train.Name}: {train.Count:N0} training and {test.Count:N0} test images, {length} epochs, {chosen.Length} ways × {run.Options.Seeds} seeds.");

        var training = new MnistTraining(train, test, length, arguments.GetValue(batch));
        var results = Train(run, training, chosen);
        var rows = chosen.Where(way => results.Any(result => result.Way == way)).Select(way => Summary.Of(way, results)).ToArray();
        foreach (var row in rows)
            run.AddRow(row.Way.Name, row.Figures);
        Show(run.Console, rows);
        MnistReport.Write(run, rows, results, chosen);
        run.Cancel.ThrowIfCancellationRequested();
    }

    private static (ImageSet Train, ImageSet Test) Load(ExampleRun run, int count, bool backrand)
    {
        if (run.Options.Download)
            Downloads.Run(run.Console, run.Cancel, (downloader, progress, cancel) => Models.Data.Mnist.DownloadAsync(run.Data!, downloader, progress, cancel));
        var seed = run.Options.Seed;
        var quick = run.Options.Quick;
        var train = run.Data is { } data ? Models.Data.Mnist.Load(data, train: true) : GeneratedDigits.Create(count > 0 ? count : quick ? 4_000 : 20_000, seed, train: true);
        var test = run.Data is { } folder ? Models.Data.Mnist.Load(folder, train: false) : GeneratedDigits.Create(quick ? 2_000 : 10_000, seed, train: false);
        if (count > train.Count)
            throw new ArgumentException($"--images must be at most {train.Count} with this data, but is {count}.");
        if (count > 0 || (quick && run.Data is not null))
            train = train.Take(count > 0 ? count : 4_000);
        if (backrand)
            (train, test) = (RandomBackground.Apply(train, seed), RandomBackground.Apply(test, seed + 1));
        return (train.CenterCrop(24, 22), test.CenterCrop(24, 22));
    }

    /// <summary>Trains all ways with all seeds, as many at a time as there are cores; keeps what is done when the user stops.</summary>
    private static IReadOnlyList<TrainingResult> Train(ExampleRun run, MnistTraining training, IReadOnlyList<Way> chosen)
    {
        var results = new List<TrainingResult>();
        using (var progress = new LiveProgress(run.Console))
        {
            // The slowest first, so that no core idles at the end.
            var jobs = run.Seeds.SelectMany(seed => chosen.Reverse().Select(way => (way, seed,
                job: progress.Add(run.Options.Seeds == 1 ? way.Name : $"{way.Name} {seed}", training.Epochs, training.Train.Count)))).ToArray();
            try
            {
                Parallel.ForEach(jobs, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = run.Cancel }, entry =>
                {
                    var result = training.Run(entry.way, entry.seed, observe: entry.seed == run.Options.Seed, entry.job, run.Cancel);
                    lock (results)
                        results.Add(result);
                });
            }
            catch (OperationCanceledException)
            {
                // What is complete is reported below.
            }
        }
        return results;
    }

    private static JsonObject Describe(IReadOnlyList<Way> chosen, bool backrand, int length, ImageSet train, ImageSet test, int batchSize) => new()
    {
        ["network"] = "528-250-125-10, tanh, softmax cross-entropy",
        ["dataset"] = backrand ? "backrand" : "plain",
        ["training_images"] = train.Count,
        ["test_images"] = test.Count,
        ["epochs"] = length,
        ["batch_size"] = batchSize,
        ["evaluations_averaged"] = TrainingResult.Averaged(length),
        ["ways"] = new JsonObject(chosen.Select(way => KeyValuePair.Create(way.Name, (JsonNode?)new JsonObject
        {
            ["learning_rate"] = way.LearningRate,
            ["hardware"] = way.Hardware is null ? null : JsonNode.Parse(ConfigJson.Write(way.Hardware)),
        }))),
    };

    private static void Show(IAnsiConsole console, IEnumerable<Summary> rows)
    {
        var table = new Table().RoundedBorder().AddColumns("way", "test accuracy", "± over seeds", "against digital", "seconds");
        foreach (var row in rows)
            table.AddRow([.. row.Cells.Select(cell => new Markup(Markup.Escape(cell)))]);
        console.Write(table);
    }
}
