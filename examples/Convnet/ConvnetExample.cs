using System.CommandLine;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Models.Data;
using AnalogTorch.Tiles;
using Spectre.Console;
using TorchSharp;

namespace AnalogTorch.Examples.Convnet;

/// <summary>A network and a training loop as any TorchSharp user has them, digitally and on analog memory.</summary>
internal sealed class ConvnetExample : Example
{
    private const int DefaultEpochs = 5, QuickEpochs = 3;
    private static readonly string[] AllWays = [.. ConvnetWay.All.Select(way => way.Name)];

    private readonly Option<IReadOnlyList<string>> ways = Cli.Choices("--ways", "Which ways to train", AllWays, AllWays);
    private readonly Option<int?> epochs = Cli.Optional("--epochs", "Passes over the training images", "what suits the run", 1, 10_000);
    private readonly Option<int?> images = Cli.Optional("--images", "Training images", "what suits the data", 1, 1_000_000);
    private readonly Option<int> batch = Cli.Integer("--batch", "Images of one step", 1, 1, 100_000);
    private readonly Option<double> rate = Cli.Number("--rate", "Factor on the learning rates", 1, 0, 1000);

    public override string Name => "convnet";

    public override string Description => "Bring your own model: a convolutional network in plain TorchSharp, trained digitally, in memory, and aware of the hardware.";

    public override IReadOnlyList<Option> Options => [ways, epochs, images, batch, rate];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        Downloads.Mnist(run);
        var chosen = ConvnetWay.All.Where(way => arguments.GetValue(ways)!.Contains(way.Name)).ToArray();
        var task = new ConvnetTask
        {
            Data = run.Data?.Path,
            Images = arguments.GetValue(images) ?? 0,
            Quick = run.Options.Quick,
            DataSeed = run.Options.Seed,
            Epochs = arguments.GetValue(epochs) ?? (run.Options.Quick ? QuickEpochs : DefaultEpochs),
            BatchSize = arguments.GetValue(batch),
            RateFactor = arguments.GetValue(rate),
        };
        using var scope = torch.NewDisposeScope();
        var (train, test) = task.Load(); // says what is wrong with the data before anything starts
        run.Config = Describe(chosen, task, train, test);
        run.Console.WriteLine($"{train.Name}: {train.Count:N0} training and {test.Count:N0} test images, {SideBySide.Count(task.Epochs, "epoch")}, {SideBySide.Count(chosen.Length, "way")} × {SideBySide.Count(run.Options.Seeds, "seed")}.");

        string[] names = [.. chosen.Select(way => way.Name)];
        var (results, failure) = SideBySide.Train<ConvnetTask, ConvnetResult>(run, task, train.Count, names, each => each);
        var rows = Summary<ConvnetResult>.Of(names, results, ConvnetWay.Digital.Name, test.Count);
        foreach (var row in rows)
            run.AddRow(row.Way, [.. row.Figures, ("images_per_second", task.Epochs * train.Count / row.Seconds), .. LayerTable.Figures(row.Runs[0].Layers)]);
        if (rows.Count > 0)
            SideBySide.Show(run.Console, rows, ConvnetWay.Digital.Name);
        ConvnetReport.Write(run, rows);
        run.Cancel.ThrowIfCancellationRequested();
        if (failure is not null)
            throw failure; // after the trainings that did succeed were written down
    }

    private static JsonObject Describe(IEnumerable<ConvnetWay> chosen, ConvnetTask task, ImageSet train, ImageSet test) => new()
    {
        ["network"] = "DigitNet: convolutions 1-8-16 with kernels of 5×5, each followed by tanh and 2×2 max pooling, linear layers 256-64-10, softmax cross-entropy",
        ["training_images"] = train.Count,
        ["test_images"] = test.Count,
        ["epochs"] = task.Epochs,
        ["batch_size"] = task.BatchSize,
        ["evaluations_averaged"] = TrainingResult.Averaged(task.Epochs),
        ["ways"] = new JsonObject(chosen.Select(way => KeyValuePair.Create(way.Name, (JsonNode?)new JsonObject
        {
            ["learning_rate"] = task.RateFactor * way.LearningRate,
            ["hardware"] = Json(way.Hardware),
        }))),
    };

    private static JsonNode? Json(LayerHardware? hardware) => hardware is null ? null : JsonNode.Parse(ConfigJson.Write(hardware));
}
