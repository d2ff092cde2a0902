using System.IO.Compression;
using System.Xml.Linq;

namespace AnalogTorch.Tests.Packages;

/// <summary>What is in the packages.</summary>
[Collection(nameof(OutsideProjects))]
public sealed class PackageTests(OutsideProjects outside)
{
    [Theory]
    [InlineData("AnalogTorch", "System.IO.Hashing", "TorchSharp")]
    [InlineData("AnalogTorch.Models", "AnalogTorch", "Google.Protobuf", "Microsoft.ML", "SkiaSharp", "System.IO.Hashing", "TorchSharp")]
    public void DependsOnWhatItsCodeUses(string package, params string[] dependencies)
    {
        using var archive = Open(package, "nupkg");
        using var stream = archive.GetEntry($"{package}.nuspec")!.Open();
        var found = XDocument.Load(stream).Descendants().Where(element => element.Name.LocalName == "dependency").ToDictionary(
            dependency => dependency.Attribute("id")!.Value, dependency => dependency.Attribute("version")!.Value);
        Assert.Equal(dependencies, found.Keys.Order(StringComparer.Ordinal));
        // Another version would meet a native library that was not made for it.
        Assert.Equal($"[{TorchSharpVersion()}]", found["TorchSharp"]);
    }

    [Theory]
    [InlineData(
        "AnalogTorch", "THIRD-PARTY-NOTICES.txt", "runtimes/linux-x64/native/LibTorchSharp", "tools/AnalogTorch.Weaver.deps.json", "tools/AnalogTorch.Weaver.dll",
        "tools/AnalogTorch.Weaver.runtimeconfig.json", "tools/Mono.Cecil.Mdb.dll", "tools/Mono.Cecil.Pdb.dll", "tools/Mono.Cecil.Rocks.dll", "tools/Mono.Cecil.dll")]
    [InlineData("AnalogTorch.Models")]
    public void HoldsLibraryDocumentationAndReadme(string package, params string[] more)
    {
        using var archive = Open(package, "nupkg");
        string[] ofTheFormat = ["_rels/.rels", "[Content_Types].xml", $"{package}.nuspec"];
        string[] expected = ["README.md", $"lib/net10.0/{package}.dll", $"lib/net10.0/{package}.xml", .. more];
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            archive.Entries.Select(entry => entry.FullName)
                .Where(name => !ofTheFormat.Contains(name) && !name.StartsWith("package/services/") && !name.StartsWith("buildTransitive/"))
                .Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("AnalogTorch")]
    [InlineData("AnalogTorch.Models")]
    public void HasSymbols(string package)
    {
        using var archive = Open(package, "snupkg");
        Assert.NotNull(archive.GetEntry($"lib/net10.0/{package}.pdb"));
    }

    [Fact]
    public void TheNoticeNamesTheVersionThatTheCopyIsOf()
    {
        var notice = File.ReadAllText(Path.Combine(Repository.Root, "AnalogTorch", "THIRD-PARTY-NOTICES.txt"));
        Assert.Contains($"TorchSharp {TorchSharpVersion()} ", notice, StringComparison.Ordinal);
    }

    private static string TorchSharpVersion() => typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3);

    private ZipArchive Open(string package, string extension) => ZipFile.OpenRead(Assert.Single(
        Directory.EnumerateFiles(outside.Folder.Feed, $"{package}.*.{extension}"),
        file => char.IsDigit(Path.GetFileName(file)[package.Length + 1])));
}
