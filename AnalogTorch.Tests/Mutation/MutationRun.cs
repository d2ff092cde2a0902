using System.Collections.Concurrent;
using System.Diagnostics;

namespace AnalogTorch.Tests.Mutation;

/// <summary>Runs mutants: the library is compiled with them, and their tests are run beside that copy until one fails.</summary>
/// <remarks>Sources and the built tests stay as they are; all happens in a folder of hard links under obj.</remarks>
internal sealed class MutationRun
{
    /// <summary>What asks for a run.</summary>
    public const string Argument = "--mutants";

    /// <summary>What lines with an answer of the tests begin with.</summary>
    public const string Answer = "first failure: ";

    private const double WantedScore = 0.95;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5); // a mutant may make a loop endless
    private readonly string folder = Path.Combine(Repository.Root, "AnalogTorch.Tests", "obj", "mutants");
    private readonly LibraryCompiler compiler = new();
    private readonly List<Mutant> survivors = [];
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private int run;

    /// <summary>Prints what became of every mutant, and the score.</summary>
    /// <param name="parts">Parts of names or files of the mutants to run; none for all.</param>
    /// <returns>0 if enough were caught.</returns>
    public static int Run(string[] parts) => new MutationRun().Run(
        [.. Mutant.All.Where(mutant => parts.Length == 0
            || parts.Any(part => $"{mutant.File}: {mutant.Name}".Contains(part, StringComparison.OrdinalIgnoreCase)))]);

    private int Run(Mutant[] mutants)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        Command.Run(Repository.Root, "cp", "-al", AppContext.BaseDirectory, folder);
        var switched = mutants.Where(Switches.CanSwitch).Select((mutant, i) => (Number: i + 1, Mutant: mutant)).ToArray();
        var files = switched.GroupBy(entry => entry.Mutant.File).ToDictionary(group => group.Key, group => Switches.Write([.. group]));
        files.Add("ActiveMutant.cs", Switches.Declaration);
        compiler.Compile(files, Path.Combine(folder, "AnalogTorch.dll"));
        if (!Try(switched))
            return 1;
        foreach (var mutant in mutants.Except(switched.Select(entry => entry.Mutant)))
        {
            compiler.Compile(new Dictionary<string, string> { [mutant.File] = mutant.Mutated() }, Path.Combine(folder, "AnalogTorch.dll"));
            using var tests = new Tests(folder);
            Book(mutant, tests.FirstFailure(1, mutant.Tests));
        }
        var caught = run - survivors.Count;
        Console.WriteLine($"{caught} of {run} mutants were caught: {(double)caught / run:P1}, in {watch.Elapsed.TotalMinutes:F0} minutes.");
        foreach (var survivor in survivors)
            Console.WriteLine($"Survivor: {survivor.File}: {survivor.Name}: {survivor.Survives ?? "no reason is known; a test is missing"}");
        return caught >= WantedScore * run ? 0 : 1;
    }

    /// <summary>Tries the mutants behind the switch; false if tests fail without any of them.</summary>
    private bool Try((int Number, Mutant Mutant)[] mutants)
    {
        var tests = new Tests(folder);
        try
        {
            foreach (var part in mutants.SelectMany(entry => entry.Mutant.Tests).Distinct())
            {
                if (tests.FirstFailure(0, [part]) is not { } broken)
                    continue;
                Console.WriteLine($"Without any mutant, a test fails; mend that first. {broken}");
                return false;
            }
            foreach (var (number, mutant) in mutants)
            {
                Book(mutant, tests.FirstFailure(number, mutant.Tests));
                if (!tests.HasEnded)
                    continue;
                tests.Dispose();
                tests = new Tests(folder);
            }
            return true;
        }
        finally
        {
            tests.Dispose();
        }
    }

    private void Book(Mutant mutant, string? failure)
    {
        run++;
        if (failure is null)
            survivors.Add(mutant);
        var (verdict, why) = failure is null ? ("SURVIVED", "") : ("caught  ", $" ({failure[..Math.Min(failure.Length, 160)]})");
        Console.WriteLine($"{watch.Elapsed:hh\\:mm\\:ss} {verdict} {mutant.File}: {mutant.Name}{why}");
    }

    /// <summary>A process that runs tests.</summary>
    private sealed class Tests : IDisposable
    {
        private readonly Process process;
        private readonly BlockingCollection<string> lines = [];

        public Tests(string folder)
        {
            process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(folder, "AnalogTorch.Tests.dll"), MutantTester.Argument])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            process.OutputDataReceived += (_, line) =>
            {
                if (line.Data is null)
                    lines.CompleteAdding();
                else
                    lines.Add(line.Data);
            };
            process.BeginOutputReadLine();
        }

        public bool HasEnded { get; private set; }

        /// <summary>The first test that fails, which may be by not coming to an end; null if none does.</summary>
        public string? FirstFailure(int mutant, string[] tests)
        {
            process.StandardInput.WriteLine($"{mutant}\t{string.Join('\t', tests)}");
            var patience = Stopwatch.StartNew();
            while (lines.TryTake(out var line, Patience - patience.Elapsed is { Ticks: > 0 } left ? left : TimeSpan.Zero))
            {
                if (line.StartsWith(Answer, StringComparison.Ordinal))
                    return line.Length == Answer.Length ? null : line[Answer.Length..];
            }
            HasEnded = true;
            return lines.IsCompleted ? "the tests broke off" : "the tests did not come to an end";
        }

        public void Dispose()
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            process.WaitForExit(); // and for its last lines
            process.Dispose();
            lines.Dispose();
        }
    }
}
