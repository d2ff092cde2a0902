using AnalogTorch.Models.Data;
using Spectre.Console;

namespace AnalogTorch.Examples;

/// <summary>Fetches data with a progress bar.</summary>
public static class Downloads
{
    /// <summary>Fetches MNIST if the user asked for it.</summary>
    public static void Mnist(ExampleRun run)
    {
        if (run.Options.Download)
            Run(run.Console, run.Cancel, (downloader, progress, cancel) => Models.Data.Mnist.DownloadAsync(run.Data!, downloader, progress, cancel));
    }

    /// <summary>Runs a download to its end, such as <see cref="Models.Data.Mnist.DownloadAsync"/>.</summary>
    public static void Run(IAnsiConsole console, CancellationToken cancel, Func<Downloader, IProgress<DownloadProgress>, CancellationToken, Task> fetch)
    {
        using var downloader = new Downloader();
        console.Progress().AutoClear(false).HideCompleted(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
            .Start(context => fetch(downloader, new Bars(context), cancel).GetAwaiter().GetResult());
    }

    private sealed class Bars(ProgressContext context) : IProgress<DownloadProgress>
    {
        private readonly Dictionary<string, ProgressTask> tasks = [];

        public void Report(DownloadProgress value)
        {
            lock (tasks)
            {
                if (!tasks.TryGetValue(value.Name, out var task))
                {
                    tasks[value.Name] = task = context.AddTask(Markup.Escape(value.Name), maxValue: value.Total ?? 1);
                    task.IsIndeterminate = value.Total is null;
                }
                task.Value = value.Bytes;
            }
        }
    }
}
