using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Fuzzing;
using AnalogTorch.Tiles;

namespace AnalogTorch.Tests.Core;

public class ConfigJsonTests
{
    [Fact]
    public void PresetsSurviveAFile() =>
        Assert.All(
            typeof(PcmPresets).GetProperties().Concat(typeof(DevicePresets).GetProperties()).Select(property => (HardwareConfig)property.GetValue(null)!),
            preset => Assert.Equal(preset, ConfigJson.Read<HardwareConfig>(ConfigJson.Write(preset))));

    [Fact]
    public void AnotherFamilyIsRefused() =>
        Assert.Equal(
            "The config must be a TileConfig, but is a SoftBounds.",
            Assert.Throws<InvalidDataException>(() => ConfigJson.Read<TileConfig>(ConfigJson.Write(new SoftBounds()))).Message);

    [Theory]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("3")]
    [InlineData("{}")]
    [InlineData("""{"kind": "Unobtainium"}""")]
    [InlineData("""{"kind": 5}""")]
    [InlineData("""{"kind": null}""")]
    [InlineData("""{"kind": "SoftBounds", "DwMin": "much"}""")]
    [InlineData("""{"kind": "SoftBounds", "DwMin": 1e999}""")]
    [InlineData("""{"kind": "UniformConverter", "Bits": 8.5}""")]
    [InlineData("""{"kind": "UniformConverter", "Rounding": null}""")]
    [InlineData("""{"kind": "UniformConverter", "Rounding": {"kind": "SoftBounds"}}""")]
    [InlineData("""{"kind": "LinearStep", "NoiseKind": "Sideways"}""")]
    [InlineData("""{"kind": "LinearStep", "NoiseKind": 17}""")]
    [InlineData("""{"kind": "MeasuredJumps", "Up": 3}""")]
    public void NonsenseIsRefusedInOneSentence(string json) => Laws.ConfigLaws.OneSentence(json);

    /// <summary>Refusals speak of the text: of its members, kinds and lines.</summary>
    [Theory]
    [InlineData("", "no valid JSON in line 1")]
    [InlineData("{\n\"kind\": \"SoftBounds\",", "no valid JSON in line 2")]
    [InlineData("[]", "an object with a kind")]
    [InlineData("{}", "the kind is missing")]
    [InlineData("""{"kind": null}""", "the kind is missing, or no text at kind")]
    [InlineData("""{"kind": "UniformConverter", "Rounding": {"kind": "SoftBounds"}}""", "there is no kind 'SoftBounds' at Rounding in line 1")]
    [InlineData("""{"kind": "SoftBounds", "DwMin": "much"}""", "the value at DwMin in line 1 is none that stands there: it must be a number")]
    [InlineData("""{"kind": "UniformConverter", "Bits": 8.5}""", "it must be a whole number")]
    [InlineData("""{"kind": "LinearStep", "NoiseKind": 17}""", "the value at NoiseKind")]
    [InlineData("""{"kind": "MeasuredJumps", "Up": 3}""", "it must be a list of numbers")]
    [InlineData("""{"kind": "SoftBounds", "DwMin": 1, "DwMin": 2}""", "there is a member twice")]
    [InlineData("""{"kind": "SoftBounds", "Foo": 2}""", "there is no member 'Foo' in line 1")]
    public void RefusalsAreInTheTermsOfTheText(string json, string part)
    {
        var message = Laws.ConfigLaws.OneSentence(json);
        Assert.Contains(part, message, StringComparison.Ordinal);
        Sentence.Check(message);
    }

    [Fact]
    public void AnUnknownKindIsNamed() => Assert.Contains("Unobtainium", Laws.ConfigLaws.OneSentence("""{"kind": "Unobtainium"}"""));

    [Fact]
    public void AValueOutOfRangeIsNamedAsWhereItIsSet() =>
        Assert.Contains("LinearStep.UpSlope must be in [0, 1], but is 2.", Laws.ConfigLaws.OneSentence("""{"kind": "LinearStep", "UpSlope": 2}"""));

    [Fact]
    public void MembersNotNamedKeepTheirDefaults() =>
        Assert.Equal(new UniformConverter { Bits = 6 }, ConfigJson.Read<Converter>("""{"kind": "UniformConverter", "Bits": 6}"""));

    [Fact]
    public void WithIsGuardedToo() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MspLspCell() with { TransferEvery = 0 });
}
