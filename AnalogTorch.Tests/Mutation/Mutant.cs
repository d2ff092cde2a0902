using System.Text.Json;

namespace AnalogTorch.Tests.Mutation;

/// <summary>One wrong change to the physics of the library, which tests are to notice.</summary>
/// <param name="Name">What is wrong with it.</param>
/// <param name="File">The source file, by its path in the library.</param>
/// <param name="Search">Text that occurs once in the file.</param>
/// <param name="Replace">What stands in its place.</param>
/// <param name="Tests">Parts of the names of the tests that are run; behind a bracket, what the arguments of a theory begin with.</param>
/// <param name="Survives">Why no test can notice it; null if one must.</param>
internal sealed record Mutant(string Name, string File, string Search, string Replace, string[] Tests, string? Survives = null)
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNameCaseInsensitive = true };

    /// <summary>All mutants, by the folders of the library.</summary>
    public static IReadOnlyList<Mutant> All { get; } =
        [.. Directory.EnumerateFiles(System.IO.Path.Combine(Repository.Root, "AnalogTorch.Tests", "Mutation"), "*.json").Order(StringComparer.Ordinal)
            .SelectMany(file => JsonSerializer.Deserialize<Mutant[]>(System.IO.File.ReadAllText(file), Options)!)];

    /// <summary>The source file as it is.</summary>
    public string Path => System.IO.Path.Combine(Repository.Root, "AnalogTorch", File);

    /// <summary>The source file with the change.</summary>
    public string Mutated() => System.IO.File.ReadAllText(Path).Replace(Search, Replace, StringComparison.Ordinal);
}
