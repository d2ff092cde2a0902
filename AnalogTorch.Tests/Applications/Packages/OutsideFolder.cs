using System.Reflection;
using System.Xml.Linq;

namespace AnalogTorch.Tests.Packages;

/// <summary>A folder outside the repository for a user's projects, and both packages for them to refer to.</summary>
/// <remarks>
/// Nothing is fetched: other packages come from the cache that the build of these tests has filled. The packages under test go to a
/// cache of this folder, because in the common one a stale package of the same version would hide a new one.
/// </remarks>
internal sealed class OutsideFolder : IDisposable
{
    public static readonly string Configuration = typeof(OutsideFolder).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    private readonly TemporaryFolder folder = new();
    private readonly Lazy<string> feed;

    public OutsideFolder()
    {
        feed = new Lazy<string>(Pack);
        var cache = typeof(OutsideFolder).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(data => data.Key == "NuGetPackageRoot").Value!;
        Assert.True(Directory.Exists(cache), $"The packages that these tests were built from must be in {cache}, but there is no such folder.");
        Write("Directory.Build.props", $"""
            <Project>
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
                <RestorePackagesPath>{At("packages")}</RestorePackagesPath>
                <RestoreFallbackFolders>{cache}</RestoreFallbackFolders>
                <RestoreSources>{At("feed")};{cache}</RestoreSources>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
            </Project>
            """);
        Directory.CreateDirectory(At("feed"));
    }

    /// <summary>Folder of the packages and their symbols.</summary>
    public string Feed => feed.Value;

    /// <summary>References to AnalogTorch's project, and to torch itself.</summary>
    public static string ByProject { get; } = Project("AnalogTorch") + Packages(NativePackage);

    /// <summary>References to the package of AnalogTorch.Models, which brings that of AnalogTorch, and to torch itself.</summary>
    public static string ByPackage { get; } = """<PackageReference Include="AnalogTorch.Models" Version="*" />""" + Packages(NativePackage);

    public static string NativePackage => OperatingSystem.IsLinux() ? "libtorch-cpu-linux-x64"
        : OperatingSystem.IsWindows() ? "libtorch-cpu-win-x64" : "libtorch-cpu-osx-arm64";

    public static string Project(string name) => $"""<ProjectReference Include="{Path.Combine(Repository.Root, name, $"{name}.csproj")}" />""";

    /// <summary>References to packages in the versions that the repository uses.</summary>
    public static string Packages(params string[] names) =>
        string.Concat(names.Select(name => $"""<PackageReference Include="{name}" Version="{VersionOf(name)}" />"""));

    public static string VersionOf(string package) => XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"))
        .Descendants("PackageVersion").Single(version => version.Attribute("Include")!.Value == package).Attribute("Version")!.Value;

    public string At(params string[] parts) => folder.At(parts);

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    public string Dotnet(params string[] arguments) => OutsideProcess.Run(folder.Path, "dotnet", arguments);

    public string Start(string program) => OutsideProcess.Run(folder.Path, At(program));

    /// <summary>Builds against the repository's projects as they are built already.</summary>
    public string Build(string path, params string[] arguments) =>
        Dotnet(["build", path, "-c", Configuration, "-v", "q", "-nologo", "-p:BuildProjectReferences=false", "-p:ShouldUnsetParentConfigurationAndPlatform=false", .. arguments]);

    public void Dispose() => folder.Dispose();

    private string Pack()
    {
        foreach (var name in new[] { "AnalogTorch", "AnalogTorch.Models" })
            Dotnet("pack", Path.Combine(Repository.Root, name), "-c", Configuration, "-v", "q", "-nologo", "--no-build", "-o", At("feed"));
        return At("feed");
    }
}
