using System.Xml.Linq;

namespace AnalogTorch.Tests.Packages;

/// <summary><c>dotnet new analogtorch</c>: what it makes builds, runs and passes its tests, with the packed packages.</summary>
[Collection(nameof(OutsideProjects))]
[Trait("Category", "Long")]
public sealed class TemplateTests(OutsideProjects outside)
{
    private static readonly string Templates = Path.Combine(Repository.Root, "templates", "analogtorch");

    [Theory]
    [InlineData("AnalogApp/AnalogApp.csproj")]
    [InlineData("AnalogApp.Tests/AnalogApp.Tests.csproj")]
    public void RefersToTheVersionsOfTheRepository(string project)
    {
        var own = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("Version").Single().Value;
        Assert.All(XDocument.Load(Path.Combine(Templates, project)).Descendants("PackageReference"), reference =>
        {
            var name = reference.Attribute("Include")!.Value;
            Assert.Equal(name.StartsWith("AnalogTorch", StringComparison.Ordinal) ? own : OutsideFolder.VersionOf(name), reference.Attribute("Version")!.Value);
        });
    }

    [LongFact]
    public void WhatItMakesRunsAndPassesItsTests()
    {
        Assert.NotEmpty(outside.Folder.Feed);
        var hive = outside.Folder.At("hive");
        outside.Folder.Dotnet("new", "install", Templates, "--debug:custom-hive", hive);
        outside.Folder.Dotnet("new", "analogtorch", "-n", "Mine", "-o", "mine", "--debug:custom-hive", hive);
        // Its own file would end the search for the one of this folder, which says where packages are.
        File.WriteAllText(outside.Folder.At("mine", "Directory.Build.props"), $"""<Project><Import Project="{outside.Folder.At("Directory.Build.props")}" /><PropertyGroup><Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings></PropertyGroup></Project>""");
        Assert.Contains("a year later:", outside.Folder.Dotnet("run", "--project", "mine/Mine", "-c", OutsideFolder.Configuration), StringComparison.Ordinal);
        Assert.Matches(@"Passed!.*Passed: +1,", outside.Folder.Dotnet("test", "mine/Mine.Tests", "-c", OutsideFolder.Configuration, "-nologo"));
    }
}
