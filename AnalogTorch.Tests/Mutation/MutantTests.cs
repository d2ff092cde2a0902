using System.Reflection;

namespace AnalogTorch.Tests.Mutation;

/// <summary>The list of mutants fits the sources as they are; whether tests notice them is found out on demand.</summary>
public class MutantTests
{
    public static TheoryData<string> Names => new(Mutant.All.Select(mutant => mutant.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryMutantChangesOnePlaceThatIsThere(string name)
    {
        var mutant = Mutant.All.Single(mutant => mutant.Name == name);
        var text = File.ReadAllText(mutant.Path);
        Assert.True(text.Split(mutant.Search).Length == 2,
            $"{mutant.File} must hold '{mutant.Search}' once; give the mutant '{name}' a text that it holds.");
        Assert.NotEqual(text, mutant.Mutated());
        Assert.NotEmpty(mutant.Tests);
        Assert.All(mutant.Tests, part => Assert.Contains(Tests, test => test.Contains(part.Split('(')[0], StringComparison.Ordinal)));
    }

    private static readonly string[] Tests = [.. typeof(MutantTests).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttribute<FactAttribute>() is not null)
            .Select(method => $"{type.FullName}.{method.Name}"))];

    [Theory]
    [InlineData("Devices")]
    [InlineData("Cells")]
    [InlineData("Periphery")]
    [InlineData("Conductance")]
    [InlineData("Updates")]
    public void EveryFolderOfPhysicsHasMutants(string folder) =>
        Assert.True(Mutant.All.Count(mutant => mutant.File.StartsWith($"{folder}/", StringComparison.Ordinal)) >= 8);
}
