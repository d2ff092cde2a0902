using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace AnalogTorch.Examples.Torture;

/// <summary>Processes of the campaign, which may be killed, crash, or never end.</summary>
internal static class TortureProcess
{
    /// <summary>The argument by which the program knows that it is one of them.</summary>
    public const string Argument = "--serve-torture";

    /// <summary>Starts one.</summary>
    public static Process Start(params IEnumerable<string> arguments)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) is "dotnet" or "testhost")
            start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        start.ArgumentList.Add(Argument);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>Runs one that says its result in a line, and kills it where nothing is heard of it for long.</summary>
    /// <param name="patience">How long.</param>
    /// <param name="cancel">Ends it.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its lines; and what went wrong, null for nothing.</returns>
    public static (IReadOnlyList<string> Lines, string? Failure) Run(TimeSpan patience, CancellationToken cancel, params IEnumerable<string> arguments)
    {
        using var child = Start(arguments);
        using var stop = cancel.Register(() => Kill(child));
        var error = child.StandardError.ReadToEndAsync(CancellationToken.None);
        var (lines, isLate) = (new List<string>(), false);
        while (true)
        {
            var next = child.StandardOutput.ReadLineAsync(CancellationToken.None).AsTask();
            if (!next.Wait(patience, CancellationToken.None))
            {
                isLate = true;
                Kill(child);
            }
            if (next.GetAwaiter().GetResult() is not { } line)
                break;
            lines.Add(line);
        }
        child.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        return (lines, isLate ? string.Create(CultureInfo.InvariantCulture, $"said nothing for {patience.TotalSeconds} s") : child.ExitCode == 0 ? null : $"ended with code {child.ExitCode}: {error.GetAwaiter().GetResult().Trim()}");
    }

    /// <summary>Ends one by SIGKILL.</summary>
    public static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>What one that has ended said of its end.</summary>
    public static string ErrorOf(Process process) => process.StandardError.ReadToEnd().Trim();

    /// <summary>Does what one of them is for.</summary>
    /// <returns>The exit code.</returns>
    public static int Serve(string[] arguments) => arguments switch
    {
        ["kills", var way, var path, var steps] => KillTraining.Run(way, path, Whole(steps)),
        ["fuzz", var format, var seed, var from, var count, var folder] => FuzzPart.Serve(format, Whole(seed), Whole(from), Whole(count), folder),
        ["slopes", var work, var count] => SlopePart.Serve(work, Whole(count)),
        ["configs", var seed, var from, var count] => ConfigPart.Serve(Whole(seed), Whole(from), Whole(count)),
        ["files", var seed, var count, var folder] => FilePart.Serve(Whole(seed), Whole(count), folder),
        _ => ExampleProgram.Usage,
    };

    private static int Whole(string argument) => int.Parse(argument, CultureInfo.InvariantCulture);
}
