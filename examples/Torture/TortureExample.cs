using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace AnalogTorch.Examples.Torture;

/// <summary>The campaign for reliability: kills, changed files, cut saves, extreme configs, threads, memory over time, replays.</summary>
internal sealed class TortureExample : Example
{
    private static readonly string[] Names = [.. TorturePart.All.Select(part => part.Name)];
    private readonly Option<IReadOnlyList<string>> parts = Cli.Choices("--parts", $"Parts of the campaign: {string.Join(", ", Names)}", Names, Names);
    private readonly Option<bool> isLong = Cli.Flag("--long", "As much of each part as docs/reliability.md gives figures of: hours");
    private readonly Option<int> amount = Cli.Integer("--amount", "How much of each part, in what it counts; 0 takes what suits", 0, 0, 10_000_000);
    private readonly Option<string?> disk = Cli.Folder("--small-disk", "A folder on a disk of a few MB, which kills find full now and then");

    public override string Name => "torture";

    public override string Description => "Kills trainings, changes files, cuts saves, takes extreme configs, shares models among threads and watches memory, and says what did not hold";

    public override IReadOnlyList<Option> Options => [parts, isLong, amount, disk];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        run.Config = new JsonObject { ["long"] = arguments.GetValue(isLong), ["amount"] = arguments.GetValue(amount) };
        var (rows, failures) = (new List<string[]>(), new List<string>());
        foreach (var part in TorturePart.All.Where(part => arguments.GetValue(parts)!.Contains(part.Name)))
        {
            var folder = Path.Combine(Path.GetFullPath(run.Options.Output), part.Name);
            Directory.CreateDirectory(folder);
            var much = arguments.GetValue(amount) is > 0 and var asked ? asked : arguments.GetValue(isLong) ? part.Amount.Long : part.Amount.Small;
            run.Console.MarkupLineInterpolated($"{part.Name}: {much:N0} {part.Counts}, seed {run.Options.Seed}");
            foreach (var row in part.Run(new(much, (int)(run.Options.Seed % int.MaxValue), folder, arguments.GetValue(disk), run.Cancel)))
            {
                run.AddRow($"{part.Name}: {row.Name}", [("count", row.Count), ("failures", row.Failures.Count), .. row.Figures]);
                var figures = string.Join(", ", row.Figures.Select(figure => string.Create(CultureInfo.InvariantCulture, $"{figure.Figure} {figure.Value:G4}")));
                run.Console.MarkupLineInterpolated($"  {row.Name}: {row.Count:N0}, {row.Failures.Count} failures{(figures.Length > 0 ? $" ({figures})" : "")}");
                foreach (var failure in row.Failures.Take(3))
                    run.Console.WriteLine($"    {failure[..Math.Min(failure.Length, 600)]}");
                rows.Add([part.Name, row.Name, row.Count.ToString("N0", CultureInfo.InvariantCulture), row.Failures.Count.ToString(CultureInfo.InvariantCulture), figures]);
                failures.AddRange(row.Failures);
            }
        }
        run.Report.Heading("What was done").Table(["part", "what", "how often", "failures", "figures"], rows);
        if (failures.Count == 0)
            return;
        run.Report.Heading("What did not hold").Table(["failure"], failures.Select(failure => new[] { failure }));
        throw new InvalidDataException($"{failures.Count} things did not hold; they are listed in {run.ReportPath}, and files that failed are kept beside it.");
    }
}
