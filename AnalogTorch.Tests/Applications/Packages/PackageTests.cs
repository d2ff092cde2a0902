using System.IO.Compression;
using System.Reflection.Metadata;
using System.Xml.Linq;

namespace AnalogTorch.Tests.Packages;

/// <summary>What is in the packages.</summary>
[Collection(nameof(OutsideProjects))]
public sealed class PackageTests(OutsideProjects outside)
{
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    [Theory]
    [InlineData("AnalogTorch", "System.IO.Hashing", "TorchSharp")]
    [InlineData("AnalogTorch.Models", "AnalogTorch", "Google.Protobuf", "Microsoft.Extensions.AI.Abstractions", "Microsoft.ML", "Microsoft.ML.Tokenizers", "SkiaSharp", "System.IO.Hashing", "TorchSharp")]
    public void DependsOnWhatItsCodeUses(string package, params string[] dependencies)
    {
        var found = Nuspec(package).Descendants().Where(element => element.Name.LocalName == "dependency").ToDictionary(
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
        string[] expected = ["CHANGELOG.md", "README.md", "icon.png", $"lib/net10.0/{package}.dll", $"lib/net10.0/{package}.xml", .. more];
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            archive.Entries.Select(entry => entry.FullName)
                .Where(name => !ofTheFormat.Contains(name) && !name.StartsWith("package/services/") && !name.StartsWith("buildTransitive/"))
                .Order(StringComparer.Ordinal));
    }

    /// <summary>Symbols that show the code without an address to fetch it from.</summary>
    [Theory]
    [InlineData("AnalogTorch")]
    [InlineData("AnalogTorch.Models")]
    public void HasSymbolsWithTheSources(string package)
    {
        using var archive = Open(package, "snupkg");
        using var stream = new MemoryStream();
        using (var entry = archive.GetEntry($"lib/net10.0/{package}.pdb")!.Open())
            entry.CopyTo(stream);
        stream.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(stream);
        var reader = provider.GetMetadataReader();
        var embedded = reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation).Count(information => reader.GetGuid(information.Kind) == EmbeddedSource);
        Assert.InRange(embedded, reader.Documents.Count * 9 / 10, reader.Documents.Count); // all but what the compiler itself made
    }

    /// <summary>What a feed shows of it: one version, icon, tags, notes, the readme of the package; addresses only where there are any.</summary>
    [Theory]
    [InlineData("AnalogTorch")]
    [InlineData("AnalogTorch.Models")]
    public void IsDescribed(string package)
    {
        var shown = Nuspec(package).Descendants().Where(element => !element.HasElements).ToLookup(element => element.Name.LocalName, element => element.Value);
        var properties = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants().ToLookup(element => element.Name.LocalName, element => element.Value);
        Assert.Equal(properties["Version"].Single(), shown["version"].Single());
        Assert.Equal("icon.png", shown["icon"].Single());
        Assert.Equal("README.md", shown["readme"].Single());
        Assert.Equal("MIT", shown["license"].Single());
        Assert.Contains("torchsharp", shown["tags"].Single().Split(' '));
        Assert.Contains(shown["version"].Single(), shown["releaseNotes"].Single(), StringComparison.Ordinal);
        Assert.Equal(properties["ProjectAddress"].Where(address => address.Length > 0), shown["projectUrl"]);
        using var archive = Open(package, "nupkg");
        using var readme = new StreamReader(archive.GetEntry("README.md")!.Open());
        Assert.Equal(File.ReadAllText(Path.Combine(Repository.Root, package, "PACKAGE.md")), readme.ReadToEnd());
    }

    [Fact]
    public void TheNoticeNamesTheVersionThatTheCopyIsOf()
    {
        var notice = File.ReadAllText(Path.Combine(Repository.Root, "AnalogTorch", "THIRD-PARTY-NOTICES.txt"));
        Assert.Contains($"TorchSharp {TorchSharpVersion()} ", notice, StringComparison.Ordinal);
    }

    private static string TorchSharpVersion() => typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3);

    private XDocument Nuspec(string package)
    {
        using var archive = Open(package, "nupkg");
        using var stream = archive.GetEntry($"{package}.nuspec")!.Open();
        return XDocument.Load(stream);
    }

    private ZipArchive Open(string package, string extension) => ZipFile.OpenRead(Assert.Single(
        Directory.EnumerateFiles(outside.Folder.Feed, $"{package}.*.{extension}"),
        file => char.IsDigit(Path.GetFileName(file)[package.Length + 1])));
}
