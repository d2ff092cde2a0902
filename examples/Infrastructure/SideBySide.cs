using System.Collections.Concurrent;
using Spectre.Console;

namespace AnalogTorch.Examples;

/// <summary>Trainings of several ways and seeds, as many at a time as there are cores.</summary>
internal static class SideBySide
{
    /// <summary>Trains all ways with all seeds; keeps what is done when the user stops, or a training fails.</summary>
    /// <param name="run">The run that asks.</param>
    /// <param name="task">What all trainings have in common.</param>
    /// <param name="imagesPerEpoch">Training images.</param>
    /// <param name="ways">Names of the ways; the last, which is taken to be the slowest, begins.</param>
    /// <param name="prepare">Last words on the task of a way and seed.</param>
    /// <param name="what">What they train on, in the plural.</param>
    public static (IReadOnlyList<TResult> Results, Exception? Failure) Train<TTask, TResult>(
        ExampleRun run, TTask task, long imagesPerEpoch, IReadOnlyList<string> ways, Func<TTask, TTask> prepare, string what = "images")
        where TTask : TrainingTask
        where TResult : TrainingResult
    {
        // The slowest first, so that no core idles at the end.
        var tasks = run.Seeds.SelectMany(seed => ways.Reverse().Select(way => prepare(task with { Way = way, Seed = seed }))).ToArray();
        run.Console.WriteLine($"{Count(tasks.Length, "training")}, {Math.Min(tasks.Length, Environment.ProcessorCount)} at a time, in processes of their own: the first line of each comes when it has loaded its data.");
        var (done, failure) = Train<TTask, TResult>(run, tasks, each => run.Options.Seeds == 1 ? each.Way : $"{each.Way} {each.Seed}", imagesPerEpoch, what);
        return ([.. done.Select(entry => entry.Result)], failure);
    }

    /// <summary>Does trainings, as many at a time as there are cores; keeps what is done when the user stops, or one fails.</summary>
    /// <param name="run">The run that asks.</param>
    /// <param name="tasks">The trainings, in the order in which they begin.</param>
    /// <param name="name">What each is called on the display.</param>
    /// <param name="samplesPerEpoch">Training samples.</param>
    /// <param name="what">What they train on, in the plural.</param>
    public static (IReadOnlyList<(TTask Task, TResult Result)> Done, Exception? Failure) Train<TTask, TResult>(
        ExampleRun run, IReadOnlyList<TTask> tasks, Func<TTask, string> name, long samplesPerEpoch, string what)
        where TTask : TrainingTask
        where TResult : TrainingResult
    {
        var done = new List<(TTask, TResult)>();
        using var progress = new LiveProgress(run.Console, what);
        var jobs = tasks.Select(task => (Task: task, Job: progress.Add(name(task), task.Epochs, samplesPerEpoch))).ToArray();
        var idle = new ConcurrentBag<TrainingProcess>();
        try
        {
            // One by one: a core takes the next job when it is free.
            var queue = Partitioner.Create(jobs, EnumerablePartitionerOptions.NoBuffering);
            Parallel.ForEach(queue, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = run.Cancel }, entry =>
            {
                var worker = idle.TryTake(out var one) ? one : new TrainingProcess();
                try
                {
                    var result = worker.Run<TResult>(entry.Task, entry.Job, run.Cancel);
                    lock (done)
                        done.Add((entry.Task, result));
                }
                catch
                {
                    worker.Dispose();
                    throw;
                }
                idle.Add(worker);
            });
        }
        catch (OperationCanceledException)
        {
            // What is complete is reported by the caller.
        }
        catch (AggregateException failures)
        {
            return (done, failures.Flatten().InnerExceptions[0]);
        }
        finally
        {
            foreach (var worker in idle)
                worker.Dispose();
        }
        return (done, null);
    }

    /// <summary>A number and what it counts.</summary>
    public static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number:N0} {what}s";

    /// <summary>Shows the ways in a table.</summary>
    /// <param name="console">Where to show it.</param>
    /// <param name="rows">The ways.</param>
    /// <param name="digital">Name of the way that the others are compared to.</param>
    public static void Show<TResult>(IAnsiConsole console, IReadOnlyList<Summary<TResult>> rows, string digital) where TResult : TrainingResult
    {
        ConsoleTable.Write(console, Summary<TResult>.Columns, [.. rows.Select(row => row.Cells(digital))]);
        if (Summary<TResult>.Meaning(rows, digital) is { Length: > 0 } meaning)
            console.WriteLine(meaning);
    }
}
