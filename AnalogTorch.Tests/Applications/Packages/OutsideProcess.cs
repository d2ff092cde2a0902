using System.Diagnostics;

namespace AnalogTorch.Tests.Packages;

/// <summary>The .NET SDK, or a program that it has built, as a process of its own, which leaves none behind.</summary>
internal static class OutsideProcess
{
    /// <returns>All that it wrote.</returns>
    /// <exception cref="InvalidOperationException">It failed; the message has the command and all that it wrote.</exception>
    public static string Run(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The process that runs these tests may have been started by a build, whose settings are not those of a user's shell.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        // Servers that outlive the command would keep its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["XDG_DATA_HOME"] = Path.Combine(folder, "data");   // where the outputs of file-based programs go
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode} in {folder}:\n{output}");
    }
}
