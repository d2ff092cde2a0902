using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Presets;
using Spectre.Console;
using TorchSharp;

namespace AnalogTorch.Examples.Programming;

/// <summary>How accurately weights of four phase-change devices can be programmed row by row, and what decides it.</summary>
internal sealed class ProgramExample : Example
{
    private readonly Option<int?> side = Cli.Optional("--side", "Inputs and outputs of the array", "what suits the run", 1, 4096);
    private readonly DigitOptions digits = new("Passes of the network over its training images");

    public override string Name => "program";

    public override string Description => "Program weights of four devices row by row in four phases: errors, failures and what decides them, and a network before and after.";

    public override IReadOnlyList<Option> Options => [side, .. digits.All];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        Downloads.Mnist(run);
        var task = new ProgrammedMlpTask
        {
            Way = "mlp",
            Data = run.Data?.Path,
            Images = digits.Images(arguments),
            Quick = run.Options.Quick,
            DataSeed = run.Options.Seed,
            Epochs = digits.Epochs(arguments, run.Options.Quick ? 3 : 10),
            Chips = digits.Chips(run, arguments),
        };
        using var scope = torch.NewDisposeScope();
        var (train, test) = task.Load(); // says what is wrong with the data before anything starts
        var length = arguments.GetValue(side) ?? (run.Options.Quick ? 128 : 512);
        run.Config = Describe(task, train, test, length);
        var study = new ProgrammingStudy(length, run.Options.Seed);
        var cases = ProgrammingCase.All;
        var outcomes = new List<(ProgrammingCase Case, ProgrammingOutcomes Outcome)>();
        run.Console.WriteLine($"An array of {length} × {length} weights, {cases.Count} times.");
        var table = new Table().SimpleBorder().AddColumns(["array", "failed", "rms", "pulses", "s"]);
        study.Program(cases[0].Scheme, cases[0].Map, cases[0].Memory, cases[0].Distribution); // compiles what the first would wait for
        run.Console.Live(table).Start(context =>
        {
            foreach (var each in cases)
            {
                if (run.Cancel.IsCancellationRequested)
                    return;
                var outcome = study.Program(each.Scheme, each.Map, each.Memory, each.Distribution);
                outcomes.Add((each, outcome));
                run.AddRow(each.Name, ("failed_fraction", outcome.FailedFraction), ("rms_error", outcome.RmsError), ("pulses_per_weight", outcome.PulsesPerWeight), ("seconds", outcome.Seconds));
                if (each.Sweep is null)
                    table.AddRow(Markup.Escape(each.Name), Numbers.Percent(outcome.FailedFraction), Numbers.Percent(outcome.RmsError), Numbers.Text(outcome.PulsesPerWeight, "F1"), Numbers.Text(outcome.Seconds, "F2"));
                context.Refresh();
            }
        });
        ProgramReport.Arrays(run, outcomes, length);
        run.Cancel.ThrowIfCancellationRequested();

        run.Console.WriteLine($"{train.Name}: {train.Count:N0} training and {test.Count:N0} test images, {SideBySide.Count(task.Epochs, "epoch")}, {SideBySide.Count(task.Chips, "chip")} a scheme.");
        var (results, failure) = SideBySide.Train<ProgrammedMlpTask, ProgrammedMlpResult>(run, task, train.Count, ["mlp"], each => each);
        if (results.Count > 0)
            ShowNetwork(run, results, test.Count);
        run.ReportConfig();
        run.Cancel.ThrowIfCancellationRequested();
        if (failure is not null)
            throw failure; // after what did succeed was written down
    }

    private static void ShowNetwork(ExampleRun run, IReadOnlyList<ProgrammedMlpResult> results, long tested)
    {
        var digital = results.Average(result => result.Accuracy[^1]);
        run.AddRow("mlp digital", ("test_accuracy", digital), ("seeds", results.Count));
        string[] columns = ["784-250-125-10", "test accuracy", "against digital"];
        var rows = new List<string[]> { new[] { "digital", Confidence.Percent([.. results.Select(result => result.Accuracy[^1])], tested), "" } };
        foreach (var (name, _) in ProgrammedMlpTask.Schemes)
        {
            var mean = results.Average(result => result.Programmed[name].Average());
            double[] all = [.. results.SelectMany(result => result.Programmed[name])];
            double[] references = [.. results.SelectMany(result => result.Programmed[name].Select(_ => result.Accuracy[^1]))];
            rows.Add([name, Confidence.Percent(all, tested), Difference.Of(all, references, tested).ToString()]);
            run.AddRow($"mlp {name}", ("test_accuracy", mean), ("points_lost", 100 * (digital - mean)), ("evaluations", results.Sum(result => result.Programmed[name].Length)));
        }
        ConsoleTable.Write(run.Console, columns, rows);
        ProgramReport.Network(run, columns, rows, results.Count);
    }

    private static JsonObject Describe(ProgrammedMlpTask task, Models.Data.ImageSet train, Models.Data.ImageSet test, int side) => new()
    {
        ["array"] = side,
        ["four_phase"] = JsonNode.Parse(ConfigJson.Write(new FourPhaseProgramming())),
        ["network"] = "784-250-125-10 with tanh, trained in floating point",
        ["training_images"] = train.Count,
        ["test_images"] = test.Count,
        ["epochs"] = task.Epochs,
        ["chips"] = task.Chips,
        ["chip"] = JsonNode.Parse(ConfigJson.Write(PcmPresets.FourPhaseInference)),
    };
}

/// <summary>One array to be programmed.</summary>
/// <param name="Name">Its name in figures.</param>
/// <param name="Scheme">How it is programmed.</param>
/// <param name="Map">What devices a weight is made of.</param>
/// <param name="Distribution">Distribution of the targets.</param>
/// <param name="Sweep">What is swept, with its unit; null for a row of the main table.</param>
/// <param name="Value">The value of what is swept.</param>
internal sealed record ProgrammingCase(string Name, ProgrammingScheme Scheme, WeightMap Map, string Distribution, string? Sweep = null, double Value = 0)
{
    private static readonly FourPhaseProgramming Default = new();

    /// <summary>What the devices are.</summary>
    public MemoryStatistics Memory { get; } = new Pcm90nm();

    /// <summary>All arrays: schemes on the three distributions, then sweeps on uniform targets.</summary>
    public static IReadOnlyList<ProgrammingCase> All { get; } =
    [
        .. ProgrammingStudy.Distributions.Select(distribution => new ProgrammingCase(distribution, Default, new TwoPairs(), distribution)),
        .. ProgrammingStudy.Distributions.Select(distribution => new ProgrammingCase($"{distribution}, by sign", Default with { Order = new SignOrder() }, new TwoPairs(), distribution)),
        .. ProgrammingStudy.Distributions.Select(distribution => new ProgrammingCase($"{distribution}, write-verify of each device", new WriteVerifyProgramming(), new TwoPairs(), distribution)),
        .. ProgrammingStudy.Distributions.Select(distribution => new ProgrammingCase($"{distribution}, written once", new OneShotProgramming(), new TwoPairs(), distribution)),
        .. Sweeps("gain F of the more significant pair [1]", [1, 1.5, 2, 3, 4, 6, 10, 16], value => (Default, new TwoPairs { Gain = value })),
        .. Sweeps("weight range [share of the mean largest conductance]", [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1], value => (Default with { UsableShare = value }, new TwoPairs())),
        .. Sweeps("budget [pulses per phase]", [4, 6, 8, 12, 16, 20, 30, 40], value => (Default with { PulsesPerPhase = (int)value }, new TwoPairs())),
        .. Sweeps("spread of the largest conductance [%]", [0, 10, 20, 30, 40, 50], value => (With(device => device with { MaxVariation = value / 100 }), new TwoPairs())),
        .. Sweeps("spread of the initial slope [%]", [0, 10, 20, 30, 45, 60], value => (With(device => device with { DwMinVariation = value / 100 }), new TwoPairs())),
    ];

    private static IEnumerable<ProgrammingCase> Sweeps(string sweep, double[] values, Func<double, (ProgrammingScheme Scheme, WeightMap Map)> of) => values.Select(value =>
    {
        var (scheme, map) = of(value);
        return new ProgrammingCase(string.Create(CultureInfo.InvariantCulture, $"{sweep}: {value}"), scheme, map, "uniform", sweep, value);
    });

    private static FourPhaseProgramming With(Func<SoftBounds, SoftBounds> change) => Default with { Device = change((SoftBounds)Default.Device) };
}
