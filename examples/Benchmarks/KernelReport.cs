using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Perfolizer.Horology;
using Spectre.Console;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The kernels one by one, measured by BenchmarkDotNet in this process, since a process of its own would not find torch.</summary>
internal static class KernelReport
{
    private static TimeSpan warmUp;

    /// <summary>Threads of the kernels.</summary>
    public static int Threads { get; private set; } = 1;

    /// <summary>Calls a kernel until its loops are compiled for good, which BenchmarkDotNet's own warm-up of a short run does not reach.</summary>
    public static void WarmUp(Action kernel)
    {
        for (var patience = new JitPatience(warmUp); patience.GoesOn;)
            kernel();
    }

    /// <summary>Measures all kernels and writes what BenchmarkDotNet found; its own files go to <c>kernels/</c> below the output.</summary>
    public static void Write(ExampleRun run, BenchmarkSettings settings)
    {
        (Threads, warmUp) = (settings.Threads, settings.AnalogWarmUp);
        var config = ManualConfig.CreateEmpty()
            .AddJob((settings.Quick ? Job.ShortRun.WithIterationTime(TimeInterval.FromMilliseconds(100)) : Job.ShortRun).WithToolchain(InProcessNoEmitToolchain.Instance))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddLogger(NullLogger.Instance)
            .WithOptions(ConfigOptions.JoinSummary)
            .WithArtifactsPath(Path.Combine(Path.GetFullPath(run.Options.Output), "kernels"));
        run.Report.Heading("Kernels").Text("Mean time of one call, by BenchmarkDotNet.");
        foreach (var type in new[] { typeof(PeripheryKernels), typeof(UpdateKernel) })
        {
            run.Cancel.ThrowIfCancellationRequested();
            run.Console.WriteLine($"kernels: {type.Name}");
            var summary = BenchmarkRunner.Run(type, config);
            if (summary.HasCriticalValidationErrors)
                throw new IOException($"BenchmarkDotNet refused {type.Name}: {summary.ValidationErrors[0].Message}");
            string[][] rows = [.. summary.Reports.Select(Cells)];
            foreach (var row in rows)
                run.Console.WriteLine($"kernels: {string.Join(", ", row)}");
            run.Report.Table(["kernel", "case", "mean", "± standard error", "managed bytes"], rows);
        }
    }

    private static string[] Cells(BenchmarkDotNet.Reports.BenchmarkReport report)
    {
        var statistics = report.ResultStatistics;
        return
        [
            report.BenchmarkCase.Descriptor.WorkloadMethod.Name,
            report.BenchmarkCase.Parameters.DisplayInfo.Trim('[', ']'),
            statistics is null ? "failed" : Microseconds(statistics.Mean),
            statistics is null ? "" : Microseconds(statistics.StandardError),
            report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase)?.ToString("N0", CultureInfo.InvariantCulture) ?? "",
        ];
    }

    private static string Microseconds(double nanoseconds) => (nanoseconds / 1000).ToString("N1", CultureInfo.InvariantCulture) + " µs";
}
