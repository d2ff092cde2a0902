using AnalogTorch.Core;

namespace AnalogTorch.Tests.Core;

/// <summary>What holds for every config in the catalog, and for the catalog.</summary>
public class ConfigLaws : LawsOf<HardwareConfig>
{
    [Fact]
    public void TheCatalogHoldsEveryFamilyOfTheLibrary()
    {
        var families = typeof(HardwareConfig).Assembly.GetTypes().Where(type => type.IsAbstract && type.IsSubclassOf(typeof(HardwareConfig)) && type.IsPublic);
        Assert.All(families, family => Assert.NotEmpty(Catalog.Variants(family)));
    }

    [Fact]
    public void NamesAreUniqueBecauseFilesNameKindsByThem() =>
        Assert.Empty(Catalog.Variants<HardwareConfig>().GroupBy(type => type.Name).Where(group => group.Count() > 1).Select(group => group.Key));
}
