using System.Text.Json;

namespace AnalogTorch.Tests.Mutation;

/// <summary>Compiles the library with some files changed, by the compiler and the arguments of the build itself.</summary>
internal sealed class LibraryCompiler
{
    private readonly string library = Path.Combine(Repository.Root, "AnalogTorch");
    private readonly string compiler;
    private readonly string[] arguments;

    public LibraryCompiler()
    {
        // The build as far as the compiler, which is not called.
        var answer = Command.Run(library, "dotnet", "msbuild", "AnalogTorch.csproj", "-t:Compile", "-p:Configuration=Release",
            "-p:RunAnalyzers=false",
            "-p:EnforceCodeStyleInBuild=false", "-p:ProvideCommandLineArgs=true", "-p:SkipCompilerExecution=true", "-p:NonExistentFile=none",
            "-p:BuildProjectReferences=false", "-getItem:CscCommandLineArgs", "-getProperty:RoslynTargetsPath");
        var json = JsonDocument.Parse(answer).RootElement;
        compiler = Path.Combine(json.GetProperty("Properties").GetProperty("RoslynTargetsPath").GetString()!, "bincore", "csc.dll");
        arguments = [.. json.GetProperty("Items").GetProperty("CscCommandLineArgs").EnumerateArray()
            .Select(item => item.GetProperty("Identity").GetString()!).Where(argument => !IsLeftOut(argument))];
        if (arguments.Length == 0)
            throw new InvalidOperationException("The build gave no arguments for the compiler.");
    }

    /// <summary>Compiles the library.</summary>
    /// <param name="changed">Texts of files that are changed or new, by their path in the library.</param>
    /// <param name="target">Where it goes; a file that is there is replaced, not written into.</param>
    public void Compile(IReadOnlyDictionary<string, string> changed, string target)
    {
        var folder = Path.Combine(Path.GetDirectoryName(target)!, "mutated");
        Directory.CreateDirectory(folder);
        var lines = arguments.ToList();
        foreach (var (file, text) in changed)
        {
            var copy = Path.Combine(folder, file.Replace('/', '.'));
            File.WriteAllText(copy, text);
            lines.RemoveAll(argument => argument.Replace('\\', '/') == file);
            lines.Add(copy);
        }
        var responses = Path.Combine(folder, "arguments.rsp");
        File.WriteAllLines(responses, lines.Select(line => line.Contains(' ') && !line.Contains('"') ? $"\"{line}\"" : line));
        File.Delete(target);
        Command.Run(library, "dotnet", "exec", compiler, "/noconfig", $"@{responses}", $"/out:{target}", "/debug-", "/nologo");
    }

    private static bool IsLeftOut(string argument) =>
        new[] { "/out:", "/refout:", "/doc:", "/pdb:", "/debug", "/embed", "/sourcelink:", "/noconfig", "/generatedfilesout:", "/errorlog:",
            "/warnaserror" }
            .Any(start => argument.StartsWith(start, StringComparison.OrdinalIgnoreCase));
}
