using System.Diagnostics;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using AnalogTorch.Core;
using AnalogTorch.Tests.Architecture;
using AnalogTorch.Tiles;

namespace AnalogTorch.Tests.Core;

/// <summary>Every abstract type is either open to other assemblies, and what they add works, or closed to them by the compiler.</summary>
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
        bool IsTried(Type family) => Catalog.Variants(family).Any(own => tried.Contains(ExtensionProbe.Prefix + own.Name));
        Assert.DoesNotContain(Families, family => !IsClosed(family) && !IsTried(family));
    }

    public static TheoryData<string> AbstractTypes => new(
        typeof(HardwareConfig).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: true, IsSealed: false, IsVisible: true }).Select(type => type.FullName!));

    /// <summary>A type that invites others in lets them in; one that does not says so.</summary>
    [Theory]
    [MemberData(nameof(AbstractTypes))]
    public void EveryAbstractTypeIsOpenToOtherAssembliesOrClosed(string name)
    {
        var type = typeof(HardwareConfig).Assembly.GetType(name)!;
        if (IsClosed(type))
            Assert.Contains("Closed:", LibraryDocs.Remarks($"T:{name}"));
        else
            Assert.Empty(Locked(type));
    }

    [Theory]
    [InlineData(typeof(BiasPlacement))]
    [InlineData(typeof(LayerHardware))]
    [InlineData(typeof(PartialSums))]
    public void FamiliesThatTheLibraryMustKnowAreClosed(Type family)
    {
        Assert.True(IsClosed(family));
        Assert.NotEmpty(Locked(family)); // a record has a constructor that copies, which nothing can hide
    }

    /// <summary>Whether no constructor can be reached from other assemblies, that which copies a record aside.</summary>
    private static bool IsClosed(Type type) =>
        !type.GetConstructors(Instance).Any(constructor => (constructor.IsPublic || constructor.IsFamily || constructor.IsFamilyOrAssembly)
            && !constructor.GetParameters().Select(parameter => parameter.ParameterType).SequenceEqual([type]));

    /// <summary>Members that have to be overridden, but that other assemblies cannot see.</summary>
    private static IEnumerable<string> Locked(Type type) =>
        type.GetMethods(Instance).Where(method => method.IsAbstract && (method.IsAssembly || method.IsFamilyAndAssembly)).Select(method => method.Name);

    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

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
