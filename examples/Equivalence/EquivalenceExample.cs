using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using Spectre.Console;
using TorchSharp;

namespace AnalogTorch.Examples.Equivalence;

/// <summary>Whether training in memory is as good as in floating point: many problems, one hardware config, nothing tuned by hand.</summary>
internal sealed class EquivalenceExample : Example
{
    private readonly Option<IReadOnlyList<string>> problems = Cli.Choices(
        "--problems", "Which problems; those whose data is not at hand are left out", [.. Problem.All.Select(problem => problem.Name)], [.. Problem.All.Select(problem => problem.Name)]);
    private readonly Option<IReadOnlyList<string>> ways = Cli.Choices(
        "--ways", "Which ways to train", [.. EquivalenceWay.Compared.Select(way => way.Name)], [.. EquivalenceWay.All.Select(way => way.Name)]);
    private readonly Option<int> epochs = Cli.Integer("--epochs", "Passes over the training samples", 10, 1, 10_000);
    private readonly Option<int> samples = Cli.Integer("--samples", "Most samples to learn from and to choose by", 6_000, 100, 1_000_000);
    private readonly Option<int> tests = Cli.Integer("--tests", "Most test samples", 10_000, 100, 1_000_000);
    private readonly Option<int> batch = Cli.Integer("--batch", "Samples of one step; rates grow with its square root", 1, 1, 100_000);

    private readonly Option<IReadOnlyList<double>> rates = Cli.Numbers("--rates", "Learning rates to choose from, at batch size 1", [0.002, 0.005, 0.0125, 0.03], 0, 10);
    private readonly Option<bool> noTest = Cli.Flag("--no-test", "Only learn and look at the validation samples with every rate and seed, as for a choice; the test samples stay unseen");

    public override string Name => "equivalence";

    public override string Description => "Hold training in memory against floating point on many problems, with one hardware config and rates chosen on validation samples.";

    public override IReadOnlyList<Option> Options => [problems, ways, epochs, samples, tests, batch, rates, noTest];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        Downloads.Mnist(run);
        var asked = arguments.GetValue(problems)!;
        var chosen = Problem.All.Where(problem => asked.Contains(problem.Name) && problem.CanLoad(run.Data)).ToArray();
        var left = asked.Except(chosen.Select(problem => problem.Name)).ToArray();
        if (chosen.Length == 0)
        {
            var needed = string.Join(", ", Problem.All.Where(problem => asked.Contains(problem.Name)).Select(problem => problem.Needs));
            throw new UsageException($"--problems {string.Join(",", asked)} needs --data DIR with {needed}; give it, or name problems that are drawn.");
        }
        var template = new EquivalenceTask
        {
            Data = run.Data?.Path,
            DataSeed = run.Options.Seed,
            Epochs = run.Options.Quick ? 2 : arguments.GetValue(epochs),
            TrainCount = run.Options.Quick ? 600 : arguments.GetValue(samples),
            TestCount = run.Options.Quick ? 500 : arguments.GetValue(tests),
            BatchSize = arguments.GetValue(batch),
        };
        var trained = EquivalenceWay.All.Where(way => arguments.GetValue(ways)!.Contains(way.Name) || way == EquivalenceWay.Digital).Select(way => way.Name).ToArray();
        run.Config = Describe(template, chosen, trained, arguments.GetValue(rates)!);
        if (left.Length > 0)
            run.Console.WriteLine($"Without their data: {string.Join(", ", left)}.");
        var rows = new List<EquivalenceRow>();
        var trials = new List<EquivalenceTrial>();
        Exception? failure = null;
        var (tried, unseen) = (arguments.GetValue(rates)!, arguments.GetValue(noTest));
        foreach (var problem in chosen)
        {
            failure = unseen
                ? Try(run, template with { Problem = problem.Name }, trained, tried, trials)
                : OfProblem(run, template with { Problem = problem.Name }, problem, trained, tried, rows);
            if (failure is not null || run.Cancel.IsCancellationRequested)
                break;
        }
        EquivalenceReport.Write(run, rows);
        EquivalenceReport.Write(run, trials);
        run.Cancel.ThrowIfCancellationRequested();
        if (failure is not null)
            throw failure;
    }

    /// <summary>Chooses a rate for each way, trains with all seeds, and looks at the test samples once.</summary>
    private static Exception? OfProblem(ExampleRun run, EquivalenceTask task, Problem problem, string[] trained, IReadOnlyList<double> rates, List<EquivalenceRow> rows)
    {
        var count = Count(task);
        var scale = Math.Sqrt(task.BatchSize);
        // The seed that rates are chosen by trains no network that is tested.
        var trials = trained.SelectMany(way => rates.Select(rate => task with { Way = way, Rate = rate * scale, Seed = run.Options.Seed - 1 })).ToArray();
        var (tuned, failure) = Train(run, trials, count, trial => $"{problem.Name} {trial.Way} {Numbers.Text(trial.Rate, "G3")}");
        var best = trained.ToDictionary(way => way, way => tuned.Where(entry => entry.Task.Way == way).OrderByDescending(entry => entry.Result.FinalAccuracy).FirstOrDefault().Task);
        if (failure is not null || best.Values.Any(choice => choice is null))
            return failure;
        var finals = trained.SelectMany(way => run.Seeds.Select(seed => best[way]! with { Seed = seed, Tests = true })).ToArray();
        (var results, failure) = Train(run, finals, count, final => $"{problem.Name} {final.Way} {final.Seed}");
        foreach (var way in trained)
        {
            EquivalenceResult[] Of(string name) => [.. results.Where(entry => entry.Task.Way == name).Select(entry => entry.Result).OrderBy(result => result.Seed)];
            if (Of(way) is not { Length: > 0 } ofWay)
                continue;
            var isEdge = best[way]!.Rate == rates[0] * scale || best[way]!.Rate == rates[^1] * scale;
            var row = new EquivalenceRow(problem, way, best[way]!.Rate, isEdge, Gap.Of(Of(EquivalenceWay.Digital.Name), ofWay), ofWay);
            rows.Add(row);
            run.AddRow($"{problem.Name}/{way}", row.Figures);
            run.Console.WriteLine(row.InWords);
        }
        return failure;
    }

    /// <summary>Trains with all rates and seeds, and looks at the validation samples alone.</summary>
    private static Exception? Try(ExampleRun run, EquivalenceTask task, string[] trained, IReadOnlyList<double> rates, List<EquivalenceTrial> trials)
    {
        var scale = Math.Sqrt(task.BatchSize);
        var all = trained.SelectMany(way => rates.SelectMany(rate => run.Seeds.Select(seed => task with { Way = way, Rate = rate * scale, Seed = seed }))).ToArray();
        var (done, failure) = Train(run, all, Count(task), trial => $"{task.Problem} {trial.Way} {Numbers.Text(trial.Rate, "G3")} {trial.Seed}");
        foreach (var group in done.GroupBy(entry => (entry.Task.Way, entry.Task.Rate)).OrderBy(group => Array.IndexOf(trained, group.Key.Way)).ThenBy(group => group.Key.Rate))
        {
            var trial = new EquivalenceTrial(task.Problem, group.Key.Way, group.Key.Rate, [.. group.Select(entry => entry.Result)]);
            trials.Add(trial);
            run.AddRow($"{trial.Problem}/{trial.Way}/{Numbers.Text(trial.Rate, "G3")}", trial.Figures);
        }
        return failure;
    }

    private static long Count(EquivalenceTask task)
    {
        using var scope = torch.NewDisposeScope();
        return task.Load().Train.Count;
    }

    // The last ways take longest, and begin, so that no core idles at the end.
    private static (IReadOnlyList<(EquivalenceTask Task, EquivalenceResult Result)> Done, Exception? Failure) Train(
        ExampleRun run, IEnumerable<EquivalenceTask> tasks, long count, Func<EquivalenceTask, string> name) =>
        SideBySide.Train<EquivalenceTask, EquivalenceResult>(run, [.. tasks.Reverse()], name, count, "samples");

    private static JsonObject Describe(EquivalenceTask task, IReadOnlyList<Problem> chosen, IReadOnlyList<string> trained, IReadOnlyList<double> rates) => new()
    {
        ["epochs"] = task.Epochs,
        ["most_training_samples"] = task.TrainCount,
        ["most_test_samples"] = task.TestCount,
        ["batch_size"] = task.BatchSize,
        ["rates"] = new JsonArray([.. rates.Select(rate => JsonValue.Create(rate * Math.Sqrt(task.BatchSize)))]),
        ["problems"] = new JsonObject(chosen.Select(problem => KeyValuePair.Create(problem.Name, (JsonNode?)$"{problem.What}; hidden layers of {string.Join(" and ", problem.Hidden)}"))),
        ["ways"] = new JsonObject(trained.Select(name => KeyValuePair.Create(
            name, EquivalenceWay.All.Single(way => way.Name == name).Hardware is { } hardware ? JsonNode.Parse(ConfigJson.Write(hardware)) : null))),
    };
}
