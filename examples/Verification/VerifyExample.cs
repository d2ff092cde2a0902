using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using AnalogTorch.Kernels;
using AnalogTorch.Verification;
using Spectre.Console;

namespace AnalogTorch.Examples.Verification;

/// <summary>The self-test of the library: whether this computer simulates what the equations say.</summary>
internal sealed class VerifyExample : Example
{
    public override string Name => "verify";

    public override string Description => "Hold devices, noise, memories, converters, pulses, engines and threads on this computer against the equations they stand for.";

    public override IReadOnlyList<Option> Options => [];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        run.Config = new JsonObject { ["engines"] = new JsonArray([.. Engines.All.Select(engine => JsonValue.Create(engine.Name))]) };
        var reports = new List<SelfTestReport>();
        foreach (var seed in run.Seeds)
        {
            var group = "";
            var report = SelfTest.Run(seed: seed, progress: new Direct(check =>
            {
                if (check.Group != group)
                    run.Console.WriteLine($"{group = check.Group} …");
            }), cancel: run.Cancel);
            reports.Add(report);
            run.Console.WriteLine(report.ToString());
            foreach (var checks in report.Checks.GroupBy(check => check.Group))
                run.AddRow($"{checks.Key}{(run.Options.Seeds == 1 ? "" : $" {seed}")}", [("checks", checks.Count()), ("failed", checks.Count(check => !check.Holds))]);
        }
        var all = reports.SelectMany(report => report.Checks).ToArray();
        var failed = all.Where(check => !check.Holds).ToArray();
        var sentence = string.Create(CultureInfo.InvariantCulture,
            $"{all.Length:N0} checks in {reports.Sum(report => report.Time.TotalSeconds):F0} s, {failed.Length} failed; a right computer fails any of them with a probability of {reports.Sum(report => report.FalseAlarm):G2} at most.");
        run.Console.WriteLine(sentence);
        run.Report.Heading(failed.Length == 0 ? "This computer simulates what the equations say" : "Something is wrong on this computer").Text(sentence)
            .Table(["group", "what", "found", "expected", "margin", ""], all.Select(check => new[]
            {
                check.Group, check.What, Numbers.Text(check.Found, "G6"), Numbers.Text(check.Expected, "G6"), Numbers.Text(check.Margin, "G3"), check.Holds ? "" : "FAILED",
            }));
        if (failed.Length > 0)
            throw new InvalidDataException($"{failed.Length} of {all.Length} checks failed, the first of them: {failed[0].Group}, {failed[0].What}; do not trust what this computer simulates, and report it with {run.ReportPath}.");
    }

    /// <summary>Reports at once, where <see cref="Progress{T}"/> would on another thread.</summary>
    private sealed class Direct(Action<SelfCheck> action) : IProgress<SelfCheck>
    {
        public void Report(SelfCheck value) => action(value);
    }
}
