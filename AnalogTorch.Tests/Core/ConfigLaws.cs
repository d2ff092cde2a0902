using System.Globalization;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using CsCheck;

namespace AnalogTorch.Tests.Core;

/// <summary>What holds for every config in the catalog, those of tomorrow included.</summary>
public class ConfigLaws
{
    public static TheoryData<string> Variants => new(Catalog.Variants<HardwareConfig>().Where(IsOfLibrary).Select(type => type.Name));

    [Fact]
    public void TheCatalogHoldsEveryFamilyOfTheLibrary()
    {
        var families = typeof(HardwareConfig).Assembly.GetTypes().Where(type => type.IsAbstract && type.IsSubclassOf(typeof(HardwareConfig)) && type.IsPublic);
        Assert.All(families, family => Assert.NotEmpty(Catalog.Variants(family)));
    }

    [Fact]
    public void NamesAreUniqueBecauseFilesNameKindsByThem() =>
        Assert.Empty(Catalog.Variants<HardwareConfig>().GroupBy(type => type.Name).Where(group => group.Count() > 1).Select(group => group.Key));

    [Theory]
    [MemberData(nameof(Variants))]
    public void EveryConfigIsAbstractOrSealedAndHasDefaults(string name)
    {
        var type = TypeOf(name);
        Assert.NotNull(type.GetConstructor(Type.EmptyTypes));
        Assert.Equal(Default(name), Default(name));
        for (var parent = type.BaseType!; parent != typeof(object); parent = parent.BaseType!)
            Assert.True(parent.IsAbstract, $"{name} derives from {parent.Name}, which must be abstract.");
        (Default(name) as ICrossChecked)?.Check();
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void JsonRoundTripIsEquality(string name)
    {
        var config = Default(name);
        Assert.Equal(config, ConfigJson.Read<HardwareConfig>(ConfigJson.Write(config)));
        RandomConfig.Of(TypeOf(name)).Sample(
            random => Assert.Equal(random, ConfigJson.Read<HardwareConfig>(ConfigJson.Write(random))), iter: 100, threads: 1);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void OrderOfMembersInAFileDoesNotMatter(string name)
    {
        var config = Default(name);
        var members = JsonNode.Parse(ConfigJson.Write(config))!.AsObject();
        var reversed = new JsonObject(members.Reverse().Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));
        Assert.Equal(config, ConfigJson.Read<HardwareConfig>(reversed.ToJsonString()));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void NumbersThatAreNoneAreRefusedWithTypeMemberRuleAndValue(string name)
    {
        foreach (var property in RandomConfig.Settings(TypeOf(name)).Where(property => property.PropertyType == typeof(double)))
        {
            foreach (var value in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
            {
                var message = Assert.Throws<ArgumentOutOfRangeException>(() => RandomConfig.Set(RandomConfig.Copy(Default(name)), property, value)).Message;
                Assert.Matches($"^{name}\\.{property.Name} must be .*, but is {value.ToString(CultureInfo.InvariantCulture)}\\.", message);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void IntegersHaveARange(string name)
    {
        foreach (var property in RandomConfig.Settings(TypeOf(name)).Where(property => property.PropertyType == typeof(int)))
        {
            var message = Assert.Throws<ArgumentOutOfRangeException>(() => RandomConfig.Set(RandomConfig.Copy(Default(name)), property, int.MinValue)).Message;
            Assert.StartsWith($"{name}.{property.Name} must be in [", message);
            Assert.Contains($", but is {int.MinValue}.", message);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void SlotsAreNeverEmpty(string name)
    {
        foreach (var property in RandomConfig.Settings(TypeOf(name)).Where(property => property.PropertyType.IsClass))
        {
            var message = Assert.Throws<ArgumentNullException>(() => RandomConfig.Set(RandomConfig.Copy(Default(name)), property, null)).Message;
            Assert.StartsWith($"{name}.{property.Name} must not be null.", message);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void EnumsHoldNamedValuesOnly(string name)
    {
        foreach (var property in RandomConfig.Settings(TypeOf(name)).Where(property => property.PropertyType.IsEnum))
        {
            var unnamed = Enum.ToObject(property.PropertyType, 1000);
            Assert.StartsWith(
                $"{name}.{property.Name} must be ",
                Assert.Throws<ArgumentOutOfRangeException>(() => RandomConfig.Set(RandomConfig.Copy(Default(name)), property, unnamed)).Message);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void AnUnknownMemberIsRefusedByItsName(string name)
    {
        var json = JsonNode.Parse(ConfigJson.Write(Default(name)))!.AsObject();
        json["Wavelength"] = 3;
        Assert.Contains("Wavelength", OneSentence(json.ToJsonString()));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void DamagedFilesAreRefusedInOneSentence(string name)
    {
        var json = ConfigJson.Write(Default(name));
        // Cut off, or with one character replaced; what is still valid must be read, the rest refused, and nothing else may happen.
        Gen.Select(Gen.Int[0, json.Length - 1], Gen.Char["{}[]\",:0-eE.x9 \n"]).Sample((at, character) =>
        {
            _ = OneSentence(json[..at]);
            var changed = json[..at] + character + json[(at + 1)..];
            try
            {
                _ = ConfigJson.Read<HardwareConfig>(changed);
            }
            catch (InvalidDataException e)
            {
                AssertIsOneSentence(e.Message);
            }
        }, iter: 60, threads: 1);
    }

    internal static string OneSentence(string json)
    {
        var message = Assert.Throws<InvalidDataException>(() => ConfigJson.Read<HardwareConfig>(json)).Message;
        AssertIsOneSentence(message);
        return message;
    }

    private static void AssertIsOneSentence(string message)
    {
        Assert.DoesNotContain('\n', message);
        Assert.StartsWith("The config ", message);
        Assert.EndsWith(".", message);
    }

    private static bool IsOfLibrary(Type type) => type.Assembly == typeof(HardwareConfig).Assembly;

    private static Type TypeOf(string name) => Catalog.Variants<HardwareConfig>().Single(type => type.Name == name && IsOfLibrary(type));

    private static HardwareConfig Default(string name) => (HardwareConfig)Activator.CreateInstance(TypeOf(name))!;
}
