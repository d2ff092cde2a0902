using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Models.Data;
using AnalogTorch.Presets;
using Spectre.Console;
using TorchSharp;

namespace AnalogTorch.Examples.Lstm;

/// <summary>A language model on phase-change memory: what is lost by programming and by a day of drift.</summary>
internal sealed class LstmExample : Example
{
    private static readonly string[] Texts = ["alice", "shakespeare", "ptb"], Generated = ["characters", "words"];

    private readonly Option<string> text = Cli.Choice("--text", "The text: a real one with --data, or one that the program makes up", [.. Generated, .. Texts]);
    private readonly Option<int?> epochs = Cli.Optional("--epochs", "Passes over the text, of which the last third meets the noise in one way", "what suits the text", 1, 10_000);
    private readonly Option<int?> hidden = Cli.Optional("--hidden", "Width of the two LSTM layers", "what was published: 128 for characters, 200 for words", 1, 4096);
    private readonly Option<int?> chips = Cli.Optional("--chips", "Chips per training", "what suits the run", 1, 1000);

    public override string Name => "lstm";

    public override string Description => "Train a language model of two LSTM layers, program its 4 devices a weight in four phases, let it drift for a day.";

    public override IReadOnlyList<Option> Options => [text, epochs, hidden, chips];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        var name = arguments.GetValue(text)!;
        if (run.Data is not null && Generated.Contains(name))
            name = name == "words" ? "ptb" : "alice"; // the real text of that kind
        if (run.Data is null && Texts.Contains(name))
            throw new UsageException($"--text {name} needs --data DIR, a folder that holds text/; leave --text out for sentences that the program makes up.");
        var ofWords = name is "ptb" or "words";
        var passes = arguments.GetValue(epochs) ?? (run.Options.Quick ? 3 : name == "alice" ? 30 : 6);
        var task = new LstmTask
        {
            Text = name,
            Data = run.Data?.Path,
            DataSeed = run.Options.Seed,
            Sentences = run.Options.Quick ? 1_500 : 8_000,
            Hidden = arguments.GetValue(hidden) ?? (run.Options.Quick ? 48 : ofWords ? 200 : 128),
            Epochs = passes,
            AwareEpochs = Math.Max(passes / 3, 1),
            Chips = arguments.GetValue(chips) ?? (run.Options.Quick ? 1 : 3),
        };
        using var scope = torch.NewDisposeScope();
        var corpus = task.Load(); // says what is wrong with the data before anything starts
        run.Config = Describe(task, corpus);
        run.Console.WriteLine($"{corpus.Name}: {corpus.Train.Count:N0} to train on, {corpus.Test.Count:N0} to test, {corpus.Vocabulary.Count:N0} different; two layers of {task.Hidden}, {SideBySide.Count(task.Epochs, "epoch")}, {SideBySide.Count(task.Chips, "chip")} each.");
        var (results, failure) = SideBySide.Train<LstmTask, LstmResult>(run, task, corpus.Train.Count, [LstmTask.Plain, LstmTask.Aware], each => each, "tokens");
        var rows = Rows(results).ToArray();
        foreach (var row in rows)
        {
            run.AddRow(row.Name, ("cross_entropy", row.Mean), ("cross_entropy_std", row.Std), ("perplexity", Math.Exp(row.Mean)), ("bits_per_token", row.Mean / Math.Log(2)),
                ("share_above_digital", row.AboveDigital), ("rms_error", row.RmsError), ("evaluations", row.Count));
        }
        Show(run, rows, corpus);
        run.Cancel.ThrowIfCancellationRequested();
        if (failure is not null)
            throw failure; // after what did succeed was written down
    }

    /// <summary>Cross-entropies of one deployment, over chips and seeds.</summary>
    private sealed record Row(string Name, double Mean, double Std, int Count, double AboveDigital, double RmsError);

    private static IEnumerable<Row> Rows(IReadOnlyList<LstmResult> results)
    {
        foreach (var way in new[] { LstmTask.Plain, LstmTask.Aware })
        {
            var ofWay = results.Where(result => result.Way == way).ToArray();
            if (ofWay.Length == 0)
                continue;
            var suffix = way == LstmTask.Aware ? "-hwa" : "";
            var plain = results.Where(result => result.Way == LstmTask.Plain).ToArray();
            var digital = (plain.Length > 0 ? plain : ofWay).Average(result => result.CrossEntropy);
            yield return Of($"digital{suffix}", [.. ofWay.Select(result => result.CrossEntropy)], 0);
            foreach (var (name, _, _) in LstmTask.Deployments)
                yield return Of($"{name}{suffix}", [.. ofWay.SelectMany(result => result.Deployed[name])], ofWay.Average(result => result.RmsErrors[name]));

            Row Of(string name, double[] values, double error)
            {
                var mean = values.Average();
                return new(name, mean, Numbers.Deviation(values), values.Length, mean / digital - 1, error);
            }
        }
    }

    private static void Show(ExampleRun run, IReadOnlyList<Row> rows, TextCorpus corpus)
    {
        if (rows.Count == 0)
            return;
        string[] columns = ["", "nats", "±", "perplexity", "bits", "above digital", "weights off"];
        var cells = rows.Select(row => (string[])
        [
            row.Name, Numbers.Text(row.Mean, "F4"), row.Count < 2 ? "" : Numbers.Text(row.Std, "F4"), Numbers.Text(Math.Exp(row.Mean), "F2"), Numbers.Text(row.Mean / Math.Log(2), "F3"),
            row.Name == "digital" ? "" : Numbers.Text(100 * row.AboveDigital, "F2") + " %", row.RmsError == 0 ? "" : Numbers.Text(100 * row.RmsError, "F2") + " %",
        ]).ToArray();
        ConsoleTable.Write(run.Console, columns, cells);
        var shown = rows.Where(row => row.Name.Split('-')[0] is "digital" or "programmed" or "day").ToArray();
        run.Report.Heading("Cross-entropy of the test text")
            .Text($"{corpus.Name}, nats per token. Both LSTM layers are on four phase-change devices a weight, programmed in four phases; embedding and last layer are digital. "
                + "error-3-percent: weights off by 3 % of each output's largest, and nothing else; exact-reads: four phases, no converters and no noise of circuits; programmed: right after programming, through 8-bit inputs and 10-bit outputs; day: a day later, with one factor a tile against drift. "
                + "-hwa: the last third of the training met converters and weight noise; all are compared with the network that was trained without.")
            .Table(columns, cells)
            .Plot(Plots.Bars("cross-entropy [nats]", "F3", [.. shown.Select(row => new Column(row.Name, row.Mean, row.Std))]).Between(0.9 * shown.Min(row => row.Mean), 1.05 * shown.Max(row => row.Mean)), "Lower is better; the axis does not start at 0.");
        run.ReportConfig();
    }

    private static JsonObject Describe(LstmTask task, TextCorpus corpus) => new()
    {
        ["text"] = corpus.Name,
        ["network"] = $"embedding {task.Hidden}, LSTM 2 × {task.Hidden}, linear layer to {corpus.Vocabulary.Count} tokens",
        ["train_tokens"] = corpus.Train.Count,
        ["test_tokens"] = corpus.Test.Count,
        ["epochs"] = task.Epochs,
        ["of_which_hardware_aware"] = task.AwareEpochs,
        ["chips"] = task.Chips,
        ["inference"] = JsonNode.Parse(ConfigJson.Write(PcmPresets.FourPhaseInference)),
        ["training"] = JsonNode.Parse(ConfigJson.Write(PcmPresets.HardwareAwareForInference)),
    };
}
