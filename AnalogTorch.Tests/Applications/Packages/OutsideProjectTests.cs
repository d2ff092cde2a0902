using AnalogTorch.Tests.Native;

namespace AnalogTorch.Tests.Packages;

/// <summary>Projects outside the repository, as users write them: nothing but a reference, and torch touched first.</summary>
[Collection(nameof(OutsideProjects))]
public sealed class OutsideProjectTests(OutsideProjects outside)
{
    [Fact]
    public void AProgramByProjectReferenceRuns()
    {
        Assert.StartsWith(OutsidePrograms.Greeting, outside.Run("console"));
        // TorchSharp would copy all of torch there after a first failure.
        Assert.False(Directory.Exists(Path.Combine(outside.Output("console"), "cpu")));
    }

    [Fact]
    public void AProgramByPackageRuns() => Assert.StartsWith(OutsidePrograms.Greeting, outside.Run("packaged"));

    [Fact]
    public void ATestHostByProjectReferenceRuns() =>
        Assert.Matches(@"Passed!.*Passed: +1,", outside.Test("suite"));

    [LinuxFact]
    public void TheCopyIsInUseOnlyWhereTheSystemRefusesTheOriginal()
    {
        foreach (var project in new[] { "console", "packaged" })
        {
            var natives = Path.Combine(outside.Output(project), "runtimes", "linux-x64", "native");
            var original = Path.Combine(natives, "libLibTorchSharp.so");
            var copy = Path.Combine(natives, "LibTorchSharp");
            var bytes = File.ReadAllBytes(original);
            Assert.Equal(ElfVersionNeed.MakeOptional(bytes), File.ReadAllBytes(copy));
            Assert.Contains(Loaded(outside.Run(project)), new[] { original, copy });

            // An original that this system takes, whatever its age. It is a new file, since the other is linked to the package cache.
            File.Delete(original);
            File.Copy(copy, original);
            Assert.Equal(original, Loaded(outside.Run(project)));
            File.Delete(original);
            File.WriteAllBytes(original, bytes);
        }
    }

    [LinuxFact]
    public void WithoutTheCopyTheLoaderMakesOneInMemory()
    {
        var natives = Path.Combine(outside.Output("console"), "runtimes", "linux-x64", "native");
        var copies = new[] { Path.Combine(outside.Output("console"), "LibTorchSharp"), Path.Combine(natives, "LibTorchSharp") };
        foreach (var copy in copies)
            File.Move(copy, copy + ".away");
        var output = outside.Run("console", "install");
        foreach (var copy in copies)
            File.Move(copy + ".away", copy);

        Assert.StartsWith(OutsidePrograms.Greeting, output);
        Assert.Contains(Loaded(output), new[] { Path.Combine(natives, "libLibTorchSharp.so"), "/memfd:LibTorchSharp (deleted)" });
    }

    private static string Loaded(string output) =>
        Assert.Single(output.Split('\n'), line => line.StartsWith("loaded: ", StringComparison.Ordinal))["loaded: ".Length..];
}
