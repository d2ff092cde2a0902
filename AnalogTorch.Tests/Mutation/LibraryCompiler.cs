using System.Text.Json;

namespace AnalogTorch.Tests.Mutation;

/// <summary>Compiles the library with one file changed, by the compiler and the arguments of the build itself.</summary>
internal sealed class LibraryCompiler
{
    private readonly string library = Path.Combine(Repository.Root, "AnalogTorch");
    private readonly string compiler;
    private readonly string[] arguments;

    public LibraryCompiler()
    {
        // The build as far as the compiler, which is not called.
        var answer = Command.Run(library, "dotnet", "msbuild", "AnalogTorch.csproj", "-t:Compile", "-p:Configuration=Release", "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false",
            "-p:ProvideCommandLineArgs=true", "-p:SkipCompilerExecution=true", "-p:NonExistentFile=none", "-p:BuildProjectReferences=false",
            "-getItem:CscCommandLineArgs", "-getProperty:RoslynTargetsPath");
        var json = JsonDocument.Parse(answer).RootElement;
        compiler = Path.Combine(json.GetProperty("Properties").GetProperty("RoslynTargetsPath").GetString()!, "bincore", "csc.dll");
        arguments = [.. json.GetProperty("Items").GetProperty("CscCommandLineArgs").EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!)
            .Where(argument => !IsOutput(argument))];
        if (arguments.Length == 0)
            throw new InvalidOperationException("The build gave no arguments for the compiler.");
    }

    /// <summary>Compiles the library.</summary>
    /// <param name="mutant">What is changed; null for nothing.</param>
    /// <param name="target">Where it goes; a file that is there is replaced, not written into.</param>
    public void Compile(Mutant? mutant, string target)
    {
        var (changed, responses) = (Path.ChangeExtension(target, ".mutant.cs"), Path.ChangeExtension(target, ".rsp"));
        if (mutant is not null)
            File.WriteAllText(changed, mutant.Mutated());
        var lines = arguments.Select(argument => mutant is not null && argument.Replace('\\', '/') == mutant.File ? changed : argument).ToArray();
        if (mutant is not null && !lines.Contains(changed))
            throw new InvalidOperationException($"{mutant.File} is not among the files of the library.");
        File.WriteAllLines(responses, lines.Select(line => line.Contains(' ', StringComparison.Ordinal) && !line.Contains('"', StringComparison.Ordinal) ? $"\"{line}\"" : line));
        File.Delete(target);
        Command.Run(library, "dotnet", "exec", compiler, "/shared", "/noconfig", $"@{responses}", $"/out:{target}", "/debug-", "/nologo");
    }

    private static bool IsOutput(string argument) =>
        new[] { "/out:", "/refout:", "/doc:", "/pdb:", "/debug", "/noconfig", "/generatedfilesout:", "/errorlog:", "/ruleset:" }.Any(start => argument.StartsWith(start, StringComparison.OrdinalIgnoreCase));
}
