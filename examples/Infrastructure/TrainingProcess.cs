using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;

namespace AnalogTorch.Examples;

/// <summary>Trainings side by side, each in a process of its own.</summary>
/// <remarks>
/// Not threads: a garbage collection that one thread causes may, in TorchSharp 0.107.0, free a scalar that another is just handing to
/// torch. The task goes in as one line of JSON, progress and result come out as such lines.
/// </remarks>
internal static class TrainingProcess
{
    /// <summary>The argument by which the program knows that it is to train and nothing else.</summary>
    public const string Argument = "--serve-training";

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Has a training done by another process.</summary>
    /// <typeparam name="TResult">What such a task gives.</typeparam>
    /// <exception cref="InvalidDataException">The training found something that the user can mend.</exception>
    /// <exception cref="IOException">The process ended without a result.</exception>
    public static TResult Run<TResult>(TrainingTask task, ITrainingProgress progress, CancellationToken cancel) where TResult : TrainingResult
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        start.ArgumentList.Add(Argument);
        start.ArgumentList.Add(task.GetType().FullName!);
        using var process = Process.Start(start)!;
        using var stop = cancel.Register(() => Kill(process));
        process.StandardInput.WriteLine(JsonSerializer.Serialize<object>(task, Json));
        process.StandardInput.Close();
        TResult? result = null;
        progress.Begin();
        while (process.StandardOutput.ReadLine() is { } line)
        {
            var message = Read(line, task);
            if (message.Error is { } error)
                throw new InvalidDataException(error);
            result = message.Result?.Deserialize<TResult>(Json) ?? result;
            if (message.Images > 0)
                progress.Advance(message.Images, message.Loss);
            if (!double.IsNaN(message.Accuracy))
                progress.Accuracy(message.Accuracy);
        }
        process.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        progress.End();
        return result ?? throw new IOException($"The training of {task.Way} with seed {task.Seed} ended without a result (exit code {process.ExitCode}); run it alone with --ways {task.Way} --seed {task.Seed} to see why.");
    }

    /// <summary>Does the training that the standard input asks for.</summary>
    /// <param name="kind">The kind of task.</param>
    /// <returns>The exit code.</returns>
    public static int Serve(string kind)
    {
        torch.set_num_threads(1); // as many trainings run as there are cores
        TorchSelfCheck.Run(); // the program that started this process has said what was found
        using var scope = torch.NewDisposeScope();
        var type = typeof(TrainingTask).Assembly.GetType(kind, throwOnError: true)!;
        var task = (TrainingTask)JsonSerializer.Deserialize(Console.ReadLine()!, type, Json)!;
        try
        {
            var progress = new Pipe();
            var result = task.Run(progress);
            progress.Flush();
            Send(new Message { Result = JsonSerializer.SerializeToNode<object>(result, Json) });
            return 0;
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or ArgumentException or InvalidOperationException)
        {
            Send(new Message { Error = exception.Message });
            return 1;
        }
    }

    private static Message Read(string line, TrainingTask task)
    {
        try
        {
            return JsonSerializer.Deserialize<Message>(line, Json)!;
        }
        catch (JsonException)
        {
            throw new IOException($"The training of {task.Way} with seed {task.Seed} wrote '{line}' where a message was expected; run it alone to see why.");
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static void Send(Message message) => Console.WriteLine(JsonSerializer.Serialize(message, Json));

    /// <summary>One line between the processes.</summary>
    private sealed record Message
    {
        public long Images { get; init; }

        public double Loss { get; init; } = double.NaN;

        public double Accuracy { get; init; } = double.NaN;

        public JsonNode? Result { get; init; }

        public string? Error { get; init; }
    }

    /// <summary>Sends progress a few times a second.</summary>
    private sealed class Pipe : ITrainingProgress
    {
        private static readonly TimeSpan Often = TimeSpan.FromSeconds(0.3);
        private long images, sent = Stopwatch.GetTimestamp();
        private double loss = double.NaN;

        public void Begin()
        {
        }

        public void Advance(long count, double latest)
        {
            images += count;
            loss = double.IsNaN(latest) ? loss : latest;
            if (Stopwatch.GetElapsedTime(sent) >= Often)
                Flush();
        }

        public void Accuracy(double fraction) => Send(new Message { Accuracy = fraction });

        public void End() => Flush();

        public void Flush()
        {
            Send(new Message { Images = images, Loss = loss });
            (images, sent) = (0, Stopwatch.GetTimestamp());
        }
    }
}
