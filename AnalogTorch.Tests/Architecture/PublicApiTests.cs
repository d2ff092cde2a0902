using System.Reflection;
using AnalogTorch.Core;
using AnalogTorch.Models.Data;
using PublicApiGenerator;

namespace AnalogTorch.Tests.Architecture;

/// <summary>What others can build upon: a change of it is seen in review, and says in the changelog what it is.</summary>
public class PublicApiTests
{
    public static TheoryData<string> Libraries => [typeof(HardwareConfig).Assembly.GetName().Name!, typeof(DataFolder).Assembly.GetName().Name!];

    /// <summary>The committed list is what the assembly shows; set ANALOGTORCH_UPDATE_DOCS=1 to write it anew.</summary>
    [Theory]
    [MemberData(nameof(Libraries))]
    public void IsTheCommittedOne(string library)
    {
        var path = Path.Combine(Repository.Root, "AnalogTorch.Tests", "Architecture", "PublicApi", $"{library}.txt");
        var api = Assembly.Load(library).GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }).ReplaceLineEndings("\n") + "\n";
        if (Environment.GetEnvironmentVariable("ANALOGTORCH_UPDATE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, api);
        }
        Assert.Equal(File.ReadAllText(path), api);
    }
}
