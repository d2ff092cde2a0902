using System.Diagnostics;

namespace AnalogTorch.Tests.Mutation;

/// <summary>Runs mutants: the library is compiled with each of them, and its tests are run beside that copy.</summary>
/// <remarks>Sources and the built tests stay as they are; all happens in a folder of hard links under obj.</remarks>
internal static class MutationRun
{
    public const string Argument = "--mutants";

    private const double WantedScore = 0.95;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10); // a mutant may make a loop endless

    /// <summary>Prints what became of every mutant, and the score.</summary>
    /// <param name="parts">Parts of names or files of the mutants to run; none for all.</param>
    public static int Run(string[] parts)
    {
        Mutant[] mutants = [.. Mutant.All.Where(mutant => parts.Length == 0 || parts.Any(part => $"{mutant.File}: {mutant.Name}".Contains(part, StringComparison.OrdinalIgnoreCase)))];
        var compiler = new LibraryCompiler();
        var folder = Path.Combine(Repository.Root, "AnalogTorch.Tests", "obj", "mutants");
        LinkTests(folder);
        compiler.Compile(null, Path.Combine(folder, "AnalogTorch.dll"));
        if (Failure(folder, [.. mutants.SelectMany(mutant => mutant.Tests).Distinct()], stopsEarly: false) is { } broken)
        {
            Console.WriteLine($"Without any mutant, {broken} fails; mend that first.");
            return 1;
        }
        var (caught, survivors) = (0, new List<Mutant>());
        foreach (var mutant in mutants)
        {
            var watch = Stopwatch.StartNew();
            compiler.Compile(mutant, Path.Combine(folder, "AnalogTorch.dll"));
            var failure = Failure(folder, mutant.Tests, stopsEarly: true);
            caught += failure is null ? 0 : 1;
            if (failure is null)
                survivors.Add(mutant);
            Console.WriteLine($"{(failure is null ? "SURVIVED" : "caught  ")} {watch.Elapsed.TotalSeconds,4:F0} s  {mutant.File}: {mutant.Name}{(failure is null ? "" : $" ({failure})")}");
        }
        Console.WriteLine($"{caught} of {mutants.Length} mutants were caught: {(double)caught / mutants.Length:P1}.");
        foreach (var survivor in survivors)
            Console.WriteLine($"Survivor: {survivor.File}: {survivor.Name}: {survivor.Survives ?? "no reason is known; a test is missing"}");
        return caught >= WantedScore * mutants.Length ? 0 : 1;
    }

    /// <summary>Lays the built tests into a folder of their own, as hard links; what becomes another file there leaves the original alone.</summary>
    private static void LinkTests(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        Command.Run(Repository.Root, "cp", "-al", AppContext.BaseDirectory, folder);
        File.WriteAllText(Path.Combine(folder, "xunit.runner.json"), """{ "stopOnFail": true }""");
    }

    /// <summary>The first test that fails; null if none does.</summary>
    private static string? Failure(string folder, string[] tests, bool stopsEarly)
    {
        var settings = Path.Combine(folder, "xunit.runner.json");
        File.Delete(settings);
        File.WriteAllText(settings, $$"""{ "stopOnFail": {{(stopsEarly ? "true" : "false")}} }""");
        var filter = string.Join('|', tests.Select(part => $"FullyQualifiedName~{part}"));
        var (code, output) = Command.TryRun(folder, Patience, "dotnet", "vstest", "AnalogTorch.Tests.dll", $"--TestCaseFilter:{filter}");
        if (code == 0)
            return output.Contains("Passed!", StringComparison.Ordinal) || output.Contains("Test Run Successful", StringComparison.Ordinal)
                ? null
                : throw new InvalidOperationException($"No test was run for {filter}: {output}");
        var failed = output.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith("Failed ", StringComparison.Ordinal));
        return failed is null ? "the tests did not come to an end" : failed["Failed ".Length..].Split('[')[0].Trim().Replace("AnalogTorch.Tests.", "", StringComparison.Ordinal);
    }
}
