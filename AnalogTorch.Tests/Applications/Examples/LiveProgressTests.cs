using AnalogTorch.Examples;
using Spectre.Console;

namespace AnalogTorch.Tests.Examples;

public class LiveProgressTests
{
    [Fact]
    public void LinesSayWhereEachJobStands()
    {
        var clock = new FixedClock();
        using var output = new StringWriter();
        using (var progress = new LiveProgress(Console(output, ansi: false), live: false, TimeSpan.FromHours(1), clock))
        {
            var digital = progress.Add("digital", epochs: 2, imagesPerEpoch: 1000);
            var cell = progress.Add("[full] cell", epochs: 1, imagesPerEpoch: 10);
            clock.Now += TimeSpan.FromSeconds(2);
            digital.Advance(1500, loss: 0.25);
            digital.Accuracy(0.9712);
            cell.Advance(10);
            cell.End();
        }
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(["digital: epoch 2/2, 750 images/s, loss 0.2500, accuracy 97.12 %, 0:00 left", "[full] cell: epoch 1/1, 5 images/s, done"], lines);
    }

    [Fact]
    public void TimeLeftFollowsFromTheSpeed()
    {
        var clock = new FixedClock();
        using var progress = new LiveProgress(Console(TextWriter.Null, ansi: false), live: false, TimeSpan.FromHours(1), clock);
        var job = progress.Add("job", epochs: 10, imagesPerEpoch: 100);
        Assert.Null(job.TimeLeft);
        clock.Now += TimeSpan.FromSeconds(10);
        job.Begin();
        clock.Now += TimeSpan.FromSeconds(5);
        job.Advance(250);
        Assert.Equal(50, job.ImagesPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(15), job.TimeLeft);
        clock.Now += TimeSpan.FromSeconds(4);
        Assert.Equal(TimeSpan.FromSeconds(11), job.TimeLeft);
        Assert.Equal(3, job.State.Epoch);
    }

    [Fact]
    public void LiveTableShowsEveryJob()
    {
        using var output = new StringWriter();
        using (var progress = new LiveProgress(Console(output, ansi: true), live: true, TimeSpan.FromHours(1), TimeProvider.System))
        {
            progress.Add("digital", 2, 100).Advance(10, 0.5);
            progress.Add("[odd] name", 2, 100).End();
        }
        Assert.Contains("digital", output.ToString());
        Assert.Contains("[odd] name", output.ToString());
        Assert.Contains("0.5000", output.ToString());
        Assert.Contains("done", output.ToString());
    }

    [Fact]
    public void ReportsFromManyThreadsAreAllCounted()
    {
        using var progress = new LiveProgress(Console(TextWriter.Null, ansi: false), live: false, TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var job = progress.Add("job", 1, 100_000);
        Parallel.For(0, 100_000, _ => job.Advance(1));
        Assert.Equal(100_000, job.State.Images);
    }

    private static IAnsiConsole Console(TextWriter output, bool ansi)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = ansi ? AnsiSupport.Yes : AnsiSupport.No,
            Interactive = ansi ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = 120;
        return console;
    }

    private sealed class FixedClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
