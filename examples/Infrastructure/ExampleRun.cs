using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using AnalogTorch.Models.Data;
using Spectre.Console;

namespace AnalogTorch.Examples;

/// <summary>One run of an example: what was asked of it, and what it leaves in its output folder.</summary>
public sealed class ExampleRun
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly long start = Stopwatch.GetTimestamp();
    private readonly List<JsonObject> rows = [];
    private readonly Lock sync = new();

    private ExampleRun(string example, RunOptions options, DataFolder? data, IAnsiConsole console, CancellationToken cancel)
    {
        (Example, Options, Data, Console, Cancel) = (example, options, data, console, cancel);
        Report = new HtmlReport($"AnalogTorch: {example}") { Notice = options.Quick ? QuickNotice : "" };
    }

    /// <summary>What a run that was made small says of its figures.</summary>
    public const string QuickNotice = "--quick: this run shows the mechanics; its figures come from too little data and training to be a result.";

    /// <summary>The command line, as the user gave it.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>The example's name.</summary>
    public string Example { get; }

    /// <summary>What the user asked for.</summary>
    public RunOptions Options { get; }

    /// <summary>The data folder, or null for data that the program makes.</summary>
    public DataFolder? Data { get; }

    /// <summary>What figures call the data: <c>embedded</c> or the folder's name.</summary>
    public string DataName => Data?.Name ?? "embedded";

    /// <summary>Where to show things.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>Raised by Ctrl-C.</summary>
    public CancellationToken Cancel { get; }

    /// <summary>The seeds of the runs to average over.</summary>
    public IEnumerable<long> Seeds => Enumerable.Range(0, Options.Seeds).Select(i => Options.Seed + i);

    /// <summary>The configuration that was run, as JSON.</summary>
    public JsonNode? Config { get; set; }

    /// <summary>The report, written by <see cref="Save"/>.</summary>
    public HtmlReport Report { get; }

    /// <summary>Full path of the figures.</summary>
    public string MetricsPath => Path.Combine(Path.GetFullPath(Options.Output), "metrics.json");

    /// <summary>Full path of the report.</summary>
    public string ReportPath => Path.Combine(Path.GetFullPath(Options.Output), "report.html");

    /// <summary>Seconds since the run began.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(start).TotalSeconds;

    /// <summary>Whether there are figures yet.</summary>
    public bool HasRows
    {
        get
        {
            lock (sync)
            {
                return rows.Count > 0;
            }
        }
    }

    /// <summary>Opens the output and the data folder, before any work is done.</summary>
    /// <exception cref="IOException">One of them cannot be used.</exception>
    public static ExampleRun Open(string example, RunOptions options, IAnsiConsole console, CancellationToken cancel, string commandLine = "")
    {
        AtomicFile.Probe(options.Output);
        var data = options switch
        {
            { Download: true } => DataFolder.Create(options.Data ?? "data"),
            { Data: { } path } => DataFolder.Open(path),
            _ => null,
        };
        var run = new ExampleRun(example, options, data, console, cancel) { CommandLine = commandLine };
        // The first line at once: what follows may load and compile for some seconds.
        console.WriteLine($"{example}: {run.SeedNames}, {(data is null ? "data made by the program" : $"data of {data.Name}")}, {Processor.Name}, {Environment.ProcessorCount} cores.");
        if (options.Quick)
            console.WriteLine(QuickNotice);
        return run;
    }

    /// <summary>Adds a row of figures: fractions and SI units. A figure that is not a number is written as null.</summary>
    public void AddRow(string name, params ReadOnlySpan<(string Figure, double Value)> figures)
    {
        var row = new JsonObject { ["name"] = name };
        foreach (var (figure, value) in figures)
        {
            row[figure] = double.IsFinite(value) ? JsonValue.Create(value) : null;
        }
        AddRow(row);
    }

    /// <summary>Adds a row of any form; it must have a <c>name</c>.</summary>
    public void AddRow(JsonObject row)
    {
        if (row["name"] is not JsonValue)
        {
            throw new ArgumentException("A row of metrics.json must have a name, but has none.", nameof(row));
        }
        lock (sync)
        {
            rows.Add(row);
        }
    }

    /// <summary>Ends the report with the configuration.</summary>
    public void ReportConfig() => Report.Heading("Config").Folded("Everything that was simulated, as the library reads it back", Config!.ToJsonString(Indented));

    /// <summary>Writes <c>metrics.json</c> and <c>report.html</c>, each whole or not at all; may be called again.</summary>
    public void Save(bool complete)
    {
        AtomicFile.Write(MetricsPath, Metrics(complete).ToJsonString(Indented) + "\n");
        AtomicFile.Write(ReportPath, Report.ToHtml(Facts(complete)));
    }

    private string SeedNames => Options.Seeds == 1 ? $"seed {Options.Seed}" : $"seeds {Options.Seed} to {Options.Seed + Options.Seeds - 1}";

    private JsonObject Metrics(bool complete)
    {
        lock (sync)
        {
            return new JsonObject
            {
                ["example"] = Example,
                ["version"] = BuildVersion.Version,
                ["git"] = BuildVersion.Commit,
                ["seed"] = Options.Seed,
                ["seeds"] = Options.Seeds,
                ["seconds"] = Math.Round(Seconds, 3),
                ["data"] = DataName,
                ["complete"] = complete,
                ["quick"] = Options.Quick,
                ["command"] = CommandLine,
                ["config"] = Config?.DeepClone(),
                ["rows"] = new JsonArray([.. rows.Select(row => row.DeepClone())]),
            };
        }
    }

    private IEnumerable<(string Name, string Value)> Facts(bool complete) =>
    [
        ("Command", CommandLine),
        ("Quick", Options.Quick ? "yes: no result" : "no"),
        ("Seeds", SeedNames),
        ("Data", DataName),
        ("Processor", $"{Processor.Name}, {Environment.ProcessorCount} cores"),
        ("Build", $"{BuildVersion.Version}, commit {BuildVersion.Commit}, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}"),
        ("Time", $"{TimeAxis.Text(Math.Round(Seconds, 1))}, ended {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC"),
        ("Complete", complete ? "yes" : "no: the run was stopped"),
    ];
}
