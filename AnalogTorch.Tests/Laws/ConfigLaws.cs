using System.Globalization;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using CsCheck;

namespace AnalogTorch.Laws;

/// <summary>What holds for every config.</summary>
public static class ConfigLaws
{
    public static void EveryConfigIsAbstractOrSealedAndHasDefaults(HardwareConfig config)
    {
        var type = config.GetType();
        Assert.NotNull(type.GetConstructor(Type.EmptyTypes));
        Assert.Equal(config, (HardwareConfig)Activator.CreateInstance(type)!);
        for (var parent = type.BaseType!; parent != typeof(object); parent = parent.BaseType!)
            Assert.True(parent.IsAbstract, $"{config.GetType().Name} derives from {parent.Name}, which must be abstract.");
        (config as ICrossChecked)?.Check();
    }

    public static void JsonRoundTripIsEquality(HardwareConfig config)
    {
        Assert.Equal(config, ConfigJson.Read<HardwareConfig>(ConfigJson.Write(config)));
        RandomConfig.Of(config.GetType()).Sample(
            random => Assert.Equal(random, ConfigJson.Read<HardwareConfig>(ConfigJson.Write(random))), iter: 100, threads: 1);
    }

    public static void OrderOfMembersInAFileDoesNotMatter(HardwareConfig config)
    {
        var members = JsonNode.Parse(ConfigJson.Write(config))!.AsObject();
        var reversed = new JsonObject(members.Reverse().Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));
        Assert.Equal(config, ConfigJson.Read<HardwareConfig>(reversed.ToJsonString()));
    }

    public static void NumbersThatAreNoneAreRefusedWithTypeMemberRuleAndValue(HardwareConfig config)
    {
        foreach (var property in RandomConfig.Settings(config.GetType()).Where(property => property.PropertyType == typeof(double)))
        {
            foreach (var value in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
            {
                var message = Assert.Throws<ArgumentOutOfRangeException>(() => RandomConfig.Set(RandomConfig.Copy(config), property, value)).Message;
                Assert.Matches($"^{config.GetType().Name}\\.{property.Name} must be .*, but is {value.ToString(CultureInfo.InvariantCulture)}\\.", message);
            }
        }
    }

    public static void IntegersHaveARange(HardwareConfig config)
    {
        foreach (var property in RandomConfig.Settings(config.GetType()).Where(property => property.PropertyType == typeof(int)))
        {
            var message = Assert.Throws<ArgumentOutOfRangeException>(() => RandomConfig.Set(RandomConfig.Copy(config), property, int.MinValue)).Message;
            Assert.StartsWith($"{config.GetType().Name}.{property.Name} must be in [", message);
            Assert.Contains($", but is {int.MinValue}.", message);
        }
    }

    public static void SlotsAreNeverEmpty(HardwareConfig config)
    {
        foreach (var property in RandomConfig.Settings(config.GetType()).Where(property => property.PropertyType.IsClass))
        {
            var message = Assert.Throws<ArgumentNullException>(() => RandomConfig.Set(RandomConfig.Copy(config), property, null)).Message;
            Assert.StartsWith($"{config.GetType().Name}.{property.Name} must not be null.", message);
        }
    }

    public static void EnumsHoldNamedValuesOnly(HardwareConfig config)
    {
        foreach (var property in RandomConfig.Settings(config.GetType()).Where(property => property.PropertyType.IsEnum))
        {
            var unnamed = Enum.ToObject(property.PropertyType, 1000);
            Assert.StartsWith(
                $"{config.GetType().Name}.{property.Name} must be ",
                Assert.Throws<ArgumentOutOfRangeException>(() => RandomConfig.Set(RandomConfig.Copy(config), property, unnamed)).Message);
        }
    }

    public static void AnUnknownMemberIsRefusedByItsName(HardwareConfig config)
    {
        var json = JsonNode.Parse(ConfigJson.Write(config))!.AsObject();
        json["Wavelength"] = 3;
        Assert.Contains("Wavelength", OneSentence(json.ToJsonString()));
    }

    public static void DamagedFilesAreRefusedInOneSentence(HardwareConfig config)
    {
        var json = ConfigJson.Write(config);
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

    /// <summary>What is said of a text that is no config, which must be one sentence.</summary>
    public static string OneSentence(string json)
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
}
