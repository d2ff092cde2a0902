using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;

namespace AnalogTorch.Examples;

/// <summary>A process of its own that does trainings, one after another.</summary>
/// <remarks>
/// Not a thread: a garbage collection that one thread causes may, in TorchSharp 0.107.0, free a scalar that another is just handing to
/// torch. A task goes in as one line of JSON, progress and result come out as such lines. A process serves many tasks, since loading
/// torch and compiling what a training runs takes seconds; every task finds torch's own generator as it is in a fresh process.
/// </remarks>
internal sealed class TrainingProcess : IDisposable
{
    /// <summary>The argument by which the program knows that it is to train and nothing else.</summary>
    public const string Argument = "--serve-training";

    private const long FreshSeed = 67280421310721; // what torch's generator begins with

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly Process process;

    /// <summary>Starts the process, which then waits for tasks.</summary>
    public TrainingProcess()
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        start.ArgumentList.Add(Argument);
        process = Process.Start(start)!;
    }

    /// <summary>Has a training done.</summary>
    /// <typeparam name="TResult">What such a task gives.</typeparam>
    /// <exception cref="InvalidDataException">The training found something that the user can mend.</exception>
    /// <exception cref="IOException">The process ended without a result, and takes no further task.</exception>
    public TResult Run<TResult>(TrainingTask task, ITrainingProgress progress, CancellationToken cancel) where TResult : TrainingResult
    {
        using var stop = cancel.Register(Kill);
        try
        {
            process.StandardInput.WriteLine($"{task.GetType().FullName} {JsonSerializer.Serialize<object>(task, Json)}");
        }
        catch (IOException)
        {
            // It has ended; what it said before is read below.
        }
        progress.Begin();
        while (process.StandardOutput.ReadLine() is { } line)
        {
            var message = Read(line, task);
            if (message.Error is { } error)
                throw new InvalidDataException(error);
            if (message.Images > 0)
                progress.Advance(message.Images, message.Loss);
            if (!double.IsNaN(message.Accuracy))
                progress.Accuracy(message.Accuracy);
            if (message.Result is null)
                continue;
            progress.End();
            return message.Result.Deserialize<TResult>(Json)!;
        }
        process.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        throw new IOException($"The training of {task.Way} with seed {task.Seed} ended without a result (exit code {process.ExitCode}); run it alone with --ways {task.Way} --seed {task.Seed} to see why.");
    }

    /// <summary>Ends the process, whatever it is doing.</summary>
    public void Dispose()
    {
        Kill();
        process.Dispose();
    }

    /// <summary>Does the trainings that the standard input asks for, until it ends.</summary>
    /// <returns>The exit code.</returns>
    public static int Serve()
    {
        torch.set_num_threads(1); // as many trainings run as there are cores
        TorchSelfCheck.Run(); // the program that started this process has said what was found
        while (Console.ReadLine() is { } line)
        {
            using var scope = torch.NewDisposeScope();
            torch.random.manual_seed(FreshSeed);
            var kind = typeof(TrainingTask).Assembly.GetType(line[..line.IndexOf(' ', StringComparison.Ordinal)], throwOnError: true)!;
            var task = (TrainingTask)JsonSerializer.Deserialize(line.AsSpan(line.IndexOf(' ', StringComparison.Ordinal)), kind, Json)!;
            try
            {
                var progress = new Pipe();
                var result = task.Run(progress);
                progress.Flush();
                Send(new Message { Result = JsonSerializer.SerializeToNode<object>(result, Json) });
            }
            catch (Exception exception) when (exception is IOException or InvalidDataException or ArgumentException or InvalidOperationException)
            {
                Send(new Message { Error = exception.Message });
            }
        }
        return 0;
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

    private void Kill()
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
