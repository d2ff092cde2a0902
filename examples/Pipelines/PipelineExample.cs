using System.CommandLine;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Models.MlNet;
using Microsoft.ML;
using Spectre.Console;

namespace AnalogTorch.Examples.Pipelines;

/// <summary>Networks for analog memory in ordinary ML.NET pipelines, beside ML.NET's own trainers.</summary>
internal sealed class PipelineExample : Example
{
    private const int RowsOfTraining = 100_000, FewestEpochs = 20, MostEpochs = 200;

    private readonly Option<IReadOnlyList<string>> tables = Cli.Choices("--tables", "Tables to learn from; the files are those of --data (default: those that are drawn; with --data those of files as well)",
        [.. TableSource.Drawn.Select(source => source.Name)], [.. TableSource.Drawn.Concat(TableSource.OfFiles).Append(TableSource.Images).Select(source => source.Name)]);
    private readonly Option<IReadOnlyList<string>> ways = Cli.Choices("--ways", "Trainers", [.. PipelineWay.All.Select(way => way.Name)], [.. PipelineWay.All.Select(way => way.Name)]);
    private readonly Option<int?> epochs = Cli.Optional("--epochs", "Passes of networks over the rows", "what suits the table", 1, 100_000);
    private readonly Option<int> hidden = Cli.Integer("--hidden", "Units of the network's hidden layer", 128, 1, 100_000);
    private readonly Option<string> chip = Cli.Choice("--chip", "Chip that networks are programmed into, and trained for", [.. PipelineChip.All.Select(each => each.Name)]);
    private readonly Option<int> chips = Cli.Integer("--chips", "Chips, each with devices of its own, per network", 3, 1, 1000);

    public override string Name => "mlnet";

    public override string Description => "ML.NET pipelines with networks for analog memory, tested on chips after a day and a year, beside ML.NET's own trainers.";

    public override IReadOnlyList<Option> Options => [tables, ways, epochs, hidden, chip, chips];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        var chosen = arguments.GetResult(tables) is null or { Implicit: true } && run.Data is not null
            ? TableSource.Drawn.Concat(TableSource.OfFiles).ToArray()
            : [.. arguments.GetValue(tables)!.Select(TableSource.Find)];
        RefuseMissing(run, chosen);
        var models = Path.Combine(Path.GetFullPath(run.Options.Output), "models");
        Directory.CreateDirectory(models);
        var task = new PipelineTask
        {
            Data = run.Data?.Path ?? "",
            Quick = run.Options.Quick,
            HiddenUnits = [arguments.GetValue(hidden)],
            Chips = run.Options.Quick ? 1 : arguments.GetValue(chips),
            Chip = arguments.GetValue(chip)!,
            Models = models,
        };
        var rows = chosen.ToDictionary(source => source, source => Count(source, task));
        run.Config = Describe(task, rows, arguments.GetValue(epochs));
        var results = new List<PipelineResult>();
        Exception? failure = null;
        foreach (var source in chosen)
        {
            if (failure is not null || run.Cancel.IsCancellationRequested)
                break;
            run.Console.WriteLine($"{source.Name}: {rows[source]:N0} training rows.");
            var (done, failed) = SideBySide.Train<PipelineTask, PipelineResult>(run, task with { Table = source.Name, Rows = rows[source], Epochs = Epochs(arguments.GetValue(epochs), rows[source], task.Quick) },
                rows[source], arguments.GetValue(ways)!, each => each, "rows");
            results.AddRange(done);
            failure = failed;
        }
        PipelineReport.Write(run, results);
        run.Cancel.ThrowIfCancellationRequested();
        if (failure is not null)
            throw failure; // after what did succeed was written down
        run.Console.WriteLine($"The fitted pipelines are in {models}; mlContext.Model.Load reads them.");
    }

    /// <summary>Small tables are gone through more often, so that every network sees some thousand steps.</summary>
    private static int Epochs(int? asked, long rows, bool quick) => asked ?? (quick ? 5 : (int)Math.Clamp(RowsOfTraining / rows, FewestEpochs, MostEpochs));

    private static void RefuseMissing(ExampleRun run, IEnumerable<TableSource> chosen)
    {
        foreach (var source in chosen)
        {
            if (run.Data is null && (source.Files.Count > 0 || source == TableSource.Images))
                throw new UsageException($"--tables {source.Name} needs --data DIR with {(source == TableSource.Images ? "cifar-10/ and weights/squeezenet1_1…" : string.Join(" and ", source.Files))}.");
            foreach (var file in source.Files)
                _ = run.Data!.Find(Path.GetDirectoryName(file)!, Path.GetFileName(file));
        }
    }

    /// <summary>Training rows, or what there will be of them where reading them takes long.</summary>
    private static long Count(TableSource source, PipelineTask task)
    {
        if (source == TableSource.Images)
            return TableSource.ImagesOf(task.Quick);
        var (train, _) = source.Load(new MLContext(1), task.Data, task.Quick);
        if (train.GetRowCount() is { } known)
            return known;
        var count = 0L;
        using var cursor = train.GetRowCursor([]);
        while (cursor.MoveNext())
            count++;
        return count;
    }

    private static JsonObject Describe(PipelineTask task, Dictionary<TableSource, long> rows, int? asked) => new()
    {
        ["tables"] = new JsonObject(rows.Select(entry => KeyValuePair.Create(entry.Key.Name, (JsonNode?)new JsonObject { ["training_rows"] = entry.Value, ["epochs"] = Epochs(asked, entry.Value, task.Quick) }))),
        ["hidden_units"] = task.HiddenUnits[0],
        ["chips"] = task.Chips,
        ["aware"] = JsonNode.Parse(ConfigJson.Write(PipelineChip.Find(task.Chip).Aware)),
        ["in_memory"] = JsonNode.Parse(ConfigJson.Write(Presets.PcmPresets.MspLsp)),
        ["chip"] = JsonNode.Parse(ConfigJson.Write(PipelineChip.Find(task.Chip).Hardware)),
    };
}
