using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
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
    public void NonsenseIsRefusedInOneSentence(string json) => ConfigLaws.OneSentence(json);

    [Fact]
    public void AnUnknownKindIsNamed() => Assert.Contains("Unobtainium", ConfigLaws.OneSentence("""{"kind": "Unobtainium"}"""));

    [Fact]
    public void AValueOutOfRangeIsNamedAsWhereItIsSet() =>
        Assert.Contains("LinearStep.UpSlope must be in [0, 1], but is 2.", ConfigLaws.OneSentence("""{"kind": "LinearStep", "UpSlope": 2}"""));

    [Fact]
    public void MembersNotNamedKeepTheirDefaults() =>
        Assert.Equal(new UniformConverter { Bits = 6 }, ConfigJson.Read<Converter>("""{"kind": "UniformConverter", "Bits": 6}"""));

    [Fact]
    public void WithIsGuardedToo() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MspLspCell() with { TransferEvery = 0 });
}
