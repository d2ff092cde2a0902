using System.Globalization;
using Spectre.Console;

namespace AnalogTorch.Examples;

/// <summary>Shows training jobs that run side by side: a live table on a terminal, a line now and then elsewhere.</summary>
/// <remarks>Jobs report from any thread; the display has its own. It ends, and shows where the jobs stand, when disposed of.</remarks>
public sealed class LiveProgress : IDisposable
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);

    private readonly IAnsiConsole console;
    private readonly TimeSpan lineEvery;
    private readonly TimeProvider clock;
    private readonly string what;
    private readonly List<TrainingJob> jobs = [];
    private readonly Lock sync = new();
    private readonly ManualResetEventSlim ended = new();
    private readonly Thread display;

    /// <summary>Begins to show progress on a console, live where it is a terminal and not a build server's log.</summary>
    public LiveProgress(IAnsiConsole console, string what = "images")
        : this(console, IsTerminal(console), TimeSpan.FromSeconds(5), TimeProvider.System, what)
    {
    }

    /// <summary>Begins to show progress in a given way.</summary>
    public LiveProgress(IAnsiConsole console, bool live, TimeSpan lineEvery, TimeProvider clock, string what = "images")
    {
        (this.console, this.lineEvery, this.clock, this.what) = (console, lineEvery, clock, what);
        display = new Thread(live ? ShowTable : ShowLines) { IsBackground = true, Name = "progress" };
        display.Start();
    }

    /// <summary>Adds a job of so many epochs, each of so many images.</summary>
    public TrainingJob Add(string name, int epochs, long imagesPerEpoch)
    {
        var job = new TrainingJob(name, epochs, imagesPerEpoch, clock);
        lock (sync)
        {
            jobs.Add(job);
        }
        return job;
    }

    /// <summary>Shows the jobs a last time.</summary>
    public void Dispose()
    {
        if (!ended.IsSet)
        {
            ended.Set();
            display.Join();
        }
    }

    /// <summary>Whether a console can be drawn on: a terminal, and not the log of a build server.</summary>
    internal static bool IsTerminal(IAnsiConsole console) =>
        console.Profile.Capabilities is { Interactive: true, Ansi: true }
        && console.Profile.Out.IsTerminal
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"));

    private TrainingJob[] Jobs()
    {
        lock (sync)
        {
            return [.. jobs];
        }
    }

    private void ShowTable()
    {
        console.Live(TableOf(Jobs())).Start(context =>
        {
            bool last;
            do
            {
                last = ended.Wait(Redraw);
                context.UpdateTarget(TableOf(Jobs()));
            }
            while (!last);
        });
    }

    private void ShowLines()
    {
        var shown = new Dictionary<TrainingJob, TrainingState>();
        bool last;
        do
        {
            last = ended.Wait(lineEvery);
            foreach (var job in Jobs())
            {
                var state = job.State;
                if (shown.TryGetValue(job, out var before) && before == state || state.Images == 0 && !last)
                {
                    continue;
                }
                shown[job] = state;
                console.WriteLine($"{job.Name}: {string.Join(", ", Cells(job, state).Where(cell => cell.Text.Length > 0).Select(cell => cell.InLine))}");
            }
        }
        while (!last);
    }

    private Table TableOf(TrainingJob[] jobs)
    {
        var table = new Table().Border(TableBorder.Rounded);
        table.AddColumn("job");
        foreach (var title in new[] { "epoch", $"{what}/s", "loss", "accuracy", "time left" })
        {
            table.AddColumn(new TableColumn(title).RightAligned());
        }
        foreach (var job in jobs)
        {
            table.AddRow([Markup.Escape(job.Name), .. Cells(job, job.State).Select(cell => Markup.Escape(cell.Text))]);
        }
        return table;
    }

    // In the table, a column says what the figure is; in a line, words do.
    private (string Text, string InLine)[] Cells(TrainingJob job, TrainingState state)
    {
        var epoch = $"{state.Epoch}/{job.Epochs}";
        var speed = job.ImagesPerSecond is > 0 and var rate ? rate.ToString("N0", CultureInfo.InvariantCulture) : "";
        var loss = double.IsFinite(state.Loss) ? state.Loss.ToString("F4", CultureInfo.InvariantCulture) : "";
        var accuracy = double.IsFinite(state.Accuracy) ? (100 * state.Accuracy).ToString("F2", CultureInfo.InvariantCulture) + " %" : "";
        var left = job.Ended ? "done" : job.TimeLeft is { } time ? time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture) : "";
        return
        [
            (epoch, $"epoch {epoch}"),
            (speed, $"{speed} {what}/s"),
            (loss, $"loss {loss}"),
            (accuracy, $"accuracy {accuracy}"),
            (left, job.Ended ? left : $"{left} left"),
        ];
    }
}
