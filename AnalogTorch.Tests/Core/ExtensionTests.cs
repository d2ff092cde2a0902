using System.Diagnostics;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using AnalogTorch.Core;
using AnalogTorch.Tiles;

namespace AnalogTorch.Tests.Core;

/// <summary>Every family of hardware is either open to other assemblies, and what they add works, or closed to them by the compiler.</summary>
public class ExtensionTests
{
    private static readonly Type[] Families =
        [.. typeof(HardwareConfig).Assembly.GetTypes().Where(type => type.IsAbstract && type.IsPublic && type.IsSubclassOf(typeof(HardwareConfig)))];

    [Fact]
    public void HardwareOfAnAssemblyThatIsLoadedLaterWorksWhereverItGoes()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "AnalogTorch.Tests.dll");
        var start = new ProcessStartInfo("dotnet", [program, ExtensionProbe.Argument]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var verdicts = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.All(verdicts, verdict => Assert.EndsWith(": works", verdict));
        Assert.Equal(ExtensionTypes().Order(), verdicts.Select(verdict => verdict.Split(':')[0]).Order());
    }

    [Fact]
    public void FamiliesAreOpenAndTriedOrClosed()
    {
        var tried = ExtensionTypes().ToHashSet();
        // Which of two sums a tile makes is asked for by its type alone.
        bool IsTried(Type family) => Catalog.Variants(family).Any(own => tried.Contains(ExtensionProbe.Prefix + own.Name));
        Assert.DoesNotContain(Families, family => !IsClosed(family) && !IsTried(family));
    }

    [Theory]
    [InlineData(typeof(BiasPlacement))]
    [InlineData(typeof(LayerHardware))]
    [InlineData(typeof(TileSize))]
    [InlineData(typeof(WeightRange))]
    [InlineData(typeof(AnalogTorch.Conductance.DeviceWiseProgramming))]
    public void FamiliesThatTheLibraryMustKnowAreClosed(Type family) => Assert.True(IsClosed(family));

    /// <summary>Whether a member has to be overridden that other assemblies cannot see.</summary>
    private static bool IsClosed(Type family) =>
        family.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Any(method => method.IsAbstract && (method.IsAssembly || method.IsFamilyAndAssembly));

    /// <summary>Names of the configs in the other assembly, read from its file: loaded here, it would join every catalog.</summary>
    private static IEnumerable<string> ExtensionTypes()
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, $"{ExtensionProbe.Extension}.dll")));
        var reader = file.GetMetadataReader();
        return [.. reader.TypeDefinitions.Select(reader.GetTypeDefinition)
            .Where(type => type.Attributes.HasFlag(TypeAttributes.Public | TypeAttributes.Sealed) && !type.IsNested)
            .Select(type => reader.GetString(type.Name))];
    }
}
