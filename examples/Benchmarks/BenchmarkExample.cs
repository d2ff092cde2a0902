using System.CommandLine;
using Spectre.Console;
using TorchSharp;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>What analog work costs against the same digital work in the same run, beside the bounds that the project has set itself.</summary>
internal sealed class BenchmarkExample : Example
{
    private readonly Option<int> threads = Cli.Integer("--threads", "Threads of torch, which the library's kernels follow", 1, 1, 1024);
    private readonly Option<IReadOnlyList<string>> rows = Cli.Choices("--rows", "Only these lines of the table", [], [.. BenchmarkTable.Rows.Select(row => row.Name)]);
    private readonly Option<bool> scaling = Cli.Flag("--scaling", "Only how time and memory grow with size, batch, threads and weights (with --rows: these lines as well)");
    private readonly Option<bool> kernels = Cli.Flag("--kernels", "Only the kernels one by one, with BenchmarkDotNet (with --rows or --scaling: these as well)");

    public override string Name => "benchmark";

    public override string Description => "Measure analog work against the same digital work: updates, steps, training, reads, memory.";

    public override IReadOnlyList<Option> Options => [threads, rows, scaling, kernels];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        if (run.Options.Seeds != 1)
            throw new UsageException($"--seeds must be 1 for benchmark, but is {run.Options.Seeds}: the spread is that over segments of time.");
        Downloads.Mnist(run);
        var settings = new BenchmarkSettings { Threads = arguments.GetValue(threads), Seed = run.Options.Seed, Quick = run.Options.Quick };
        var named = arguments.GetValue(rows)!;
        var (grow, single) = (arguments.GetValue(scaling), arguments.GetValue(kernels));
        var table = named.Count > 0 ? [.. BenchmarkTable.Rows.Where(row => named.Contains(row.Name))] : grow || single ? [] : BenchmarkTable.Rows;
        grow |= named.Count == 0 && !single && !settings.Quick; // the full run

        if (settings.Threads > Environment.ProcessorCount)
            run.Console.WriteLine($"--threads {settings.Threads} is more than the {Environment.ProcessorCount} cores of this process: threads take turns, and times mean little.");
        var before = torch.get_num_threads();
        torch.set_num_threads(settings.Threads);
        try
        {
            Measure(run, settings, table, grow, single);
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }

    private static void Measure(ExampleRun run, BenchmarkSettings settings, IReadOnlyList<BenchmarkRow> table, bool grow, bool single)
    {
        using var scope = torch.NewDisposeScope();
        var machine = Machine.Describe(settings);
        run.Config = machine.ToJson();
        run.Console.WriteLine(machine.ToString());
        var done = new List<(BenchmarkRow Row, RowResult Result)>();
        try
        {
            BenchmarkDisplay.While(run.Console, table, display =>
            {
                using var bench = new BenchmarkBench(settings, run.Data, display.Doing, run.Cancel);
                if (run.Data is not null)
                    _ = bench.Digits; // says what is wrong with the data before anything is measured
                foreach (var row in table)
                {
                    run.Cancel.ThrowIfCancellationRequested();
                    display.Begin(row);
                    var result = row.Measure(bench);
                    done.Add((row, result));
                    run.AddRow(BenchmarkReport.Metrics(row, result));
                    display.Done(row, result);
                }
            });
        }
        finally
        {
            BenchmarkReport.Write(run.Report, machine, done); // what is complete, when the user stops, too
        }
        if (grow)
            ScalingReport.Write(run, machine, settings);
        if (single)
            KernelReport.Write(run, settings);
    }
}
