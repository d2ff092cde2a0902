using System.Diagnostics;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace AnalogTorch.Tests.Examples;

/// <summary>The extensions of examples/Extending, in a process that has no other reason to know them.</summary>
public class ExtendingExampleTests
{
    private const string Project = "AnalogTorch.Extending";

    private static readonly string[] Extensions =
    [
        "CubicStep", "MirroredDevice", "CompandingConverter", "RelaxingMemory", "BestOfSeveral", "PairLinearKind", "PerOperation", "ManhattanUpdate",
    ];

    [Fact]
    public void EveryLawHoldsForEveryExtension()
    {
        var program = Path.Combine(AppContext.BaseDirectory, $"{Project}.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var lines = process.StandardOutput.ReadToEnd().Split('\n');
        process.WaitForExit();
        var verdicts = lines.Where(line => Extensions.Any(name => line.StartsWith($"{name}: ", StringComparison.Ordinal)))
            .Where(line => !line.Contains("TOP/s/W", StringComparison.Ordinal)).ToArray(); // which is the price of the model, and no verdict
        Assert.All(verdicts, verdict => Assert.EndsWith(": holds", verdict));
        Assert.Equal((0, ""), (process.ExitCode, error.Result));
        // Configs have ten laws each for being configs, and at least two as what they are.
        Assert.All(Extensions, name => Assert.True(verdicts.Count(verdict => verdict.StartsWith($"{name}: ", StringComparison.Ordinal)) >= (name == "PairLinearKind" ? 6 : 12), name));
        Assert.Contains(lines, line => line.Contains("CompandingConverter", StringComparison.Ordinal) && line.Contains("operation by operation", StringComparison.Ordinal));
    }

    [Fact]
    public void EveryExtensionIsOneFileAndNoEditElsewhere()
    {
        var folder = Path.Combine(Repository.Root, "examples", "Extending");
        foreach (var name in Extensions)
            Assert.Contains(name, File.ReadAllText(Path.Combine(folder, $"{(name == "PairLinearKind" ? "PairLinear" : name)}.cs")));
        Assert.DoesNotContain(Repository.LibrarySources(), source => Extensions.Any(name => source.Text.Contains(name, StringComparison.Ordinal)));
    }

    [Fact]
    public void TheProjectSeesNoMoreThanUsersDo()
    {
        using var file = new PEReader(File.OpenRead(typeof(AnalogTorch.Core.Catalog).Assembly.Location));
        var reader = file.GetMetadataReader();
        var friends = reader.GetAssemblyDefinition().GetCustomAttributes().Select(reader.GetCustomAttribute)
            .Select(attribute => System.Text.Encoding.UTF8.GetString(reader.GetBlobBytes(attribute.Value)));
        Assert.DoesNotContain(friends, friend => friend.Contains(Project, StringComparison.Ordinal) || friend.Contains("AnalogTorch.Laws", StringComparison.Ordinal));
    }
}
