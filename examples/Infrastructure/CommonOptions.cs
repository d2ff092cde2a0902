using System.CommandLine;

namespace AnalogTorch.Examples;

/// <summary>The options of every example.</summary>
public sealed class CommonOptions
{
    private readonly Option<string?> output = Cli.Folder("--out", "Where to write metrics.json and report.html (default runs/<example>)");
    private readonly Option<string?> data = Cli.Folder("--data", "Folder that holds mnist/, cifar-10/, text/, tabular/, weights/ (default: data made by the program)");
    private readonly Option<long> seed = Cli.Integer<long>("--seed", "Seed of every random choice", 42, 0, uint.MaxValue);
    private readonly Option<int> seeds = Cli.Integer("--seeds", "Number of runs, with seeds counted up from --seed", 1, 1, 1000);
    private readonly Option<bool> quick = Cli.Flag("--quick", "The same work made small: one or two minutes at most");
    private readonly Option<bool> download = Cli.Flag("--download", "Fetch missing data into the --data folder (default data)");

    /// <summary>Adds the options to an example's command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { output, data, seed, seeds, quick, download })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the user asked for.</summary>
    public RunOptions Read(string example, ParseResult arguments) => new()
    {
        Output = arguments.GetValue(output) ?? Path.Combine("runs", example),
        Data = arguments.GetValue(data),
        Seed = arguments.GetValue(seed),
        Seeds = arguments.GetValue(seeds),
        Quick = arguments.GetValue(quick),
        Download = arguments.GetValue(download),
    };
}

/// <summary>What the user asked of a run.</summary>
public sealed record RunOptions
{
    /// <summary>Folder to write to.</summary>
    public required string Output { get; init; }

    /// <summary>Folder of data sets; null for data that the program makes.</summary>
    public string? Data { get; init; }

    /// <summary>First seed.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Number of seeds.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>Whether to do the work made small.</summary>
    public bool Quick { get; init; }

    /// <summary>Whether to fetch missing data.</summary>
    public bool Download { get; init; }
}
