namespace AnalogTorch.Tests;

/// <summary>The source tree that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    /// <summary>C# files of the library, by their path in it; generated ones and those that users compile left out.</summary>
    public static IEnumerable<(string Path, string Text)> LibrarySources()
    {
        var library = Path.Combine(Root, "AnalogTorch");
        return Directory.EnumerateFiles(library, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: Path.GetRelativePath(library, file).Replace('\\', '/'), Text: File.ReadAllText(file)))
            .Where(file => !file.Path.StartsWith("obj/") && !file.Path.StartsWith("bin/") && !file.Path.StartsWith("build/"))
            .OrderBy(file => file.Path, StringComparer.Ordinal);
    }

    /// <summary>Folder of measured data, by the environment variable ANALOGTORCH_DATA or beside the repository; null if there is none.</summary>
    public static string? DataFolder { get; } =
        new[] { Environment.GetEnvironmentVariable("ANALOGTORCH_DATA"), Path.Combine(Root, "..", "shared", "data") }.FirstOrDefault(Directory.Exists);

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "AnalogTorch.sln")) ? folder : Find(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("No AnalogTorch.sln above the tests."));
}
