using System.Diagnostics;
using System.Text;

namespace AnalogTorch.Tests.Mutation;

/// <summary>Other programs.</summary>
internal static class Command
{
    /// <summary>Runs a program to its end and gives what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static string Run(string folder, string program, params string[] arguments)
    {
        var (code, output) = TryRun(folder, TimeSpan.FromMinutes(10), program, arguments);
        return code == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed: {output}");
    }

    /// <summary>Runs a program, but no longer than patience lasts.</summary>
    /// <returns>Its exit code, or −1 if it was ended; and what it printed.</returns>
    public static (int Code, string Output) TryRun(string folder, TimeSpan patience, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(patience))
        {
            process.Kill(entireProcessTree: true);
            return (-1, $"{output}");
        }
        process.WaitForExit(); // for the last lines
        return (process.ExitCode, $"{output}");

        void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (output)
                output.AppendLine(line.Data);
        }
    }
}
