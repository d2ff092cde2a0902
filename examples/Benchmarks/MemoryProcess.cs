using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using TorchSharp;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Weighs a layer in a process of its own, which no earlier measurement has left memory in.</summary>
/// <remarks>The task goes in as one line of JSON, the result comes out as one.</remarks>
internal static class MemoryProcess
{
    /// <summary>The argument by which the program knows that it is to weigh and nothing else.</summary>
    public const string Argument = "--serve-weighing";

    /// <summary>Has a layer weighed.</summary>
    /// <exception cref="IOException">The process ended without a result, as it does where there is not enough memory.</exception>
    public static MemoryUse Run(MemoryTask task, CancellationToken cancel)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) is "dotnet" or "testhost")
            start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        start.ArgumentList.Add(Argument);
        using var process = Process.Start(start)!;
        using var stop = cancel.Register(() => Kill(process));
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        process.StandardInput.WriteLine(JsonSerializer.Serialize(task));
        process.StandardInput.Close();
        var line = process.StandardOutput.ReadLine();
        process.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        if (line is null || process.ExitCode != 0)
            throw new IOException($"Weighing a {task.Side}×{task.Side} layer of {task.Hardware} ended without a result (exit code {process.ExitCode}): {error.GetAwaiter().GetResult().Split('\n')[0].TrimEnd('.', '\r')}.");
        return JsonSerializer.Deserialize<MemoryUse>(line)!;
    }

    /// <summary>Weighs the layer that the standard input asks for.</summary>
    /// <returns>The exit code.</returns>
    public static int Serve()
    {
        using var scope = torch.NewDisposeScope();
        Console.WriteLine(JsonSerializer.Serialize(JsonSerializer.Deserialize<MemoryTask>(Console.ReadLine()!)!.Run()));
        return 0;
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
}
