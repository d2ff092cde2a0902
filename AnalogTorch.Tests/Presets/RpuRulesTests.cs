using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Presets;

public class RpuRulesTests
{
    private static readonly Dictionary<string, RpuRules> Devices = new()
    {
        ["ReRAM-ES"] = RpuPresets.OnReRamExp,
        ["ReRAM-SB"] = RpuPresets.OnReRamSoftBounds,
        ["capacitor"] = RpuPresets.OnCapacitor,
        ["ECRAM"] = RpuPresets.OnEcRam,
        ["ECRAM-MO"] = RpuPresets.OnEcRamMetalOxide,
        ["idealised"] = RpuPresets.OnIdealized,
    };

    public static TheoryData<string, double, double, double, double, double, double, double> Published => new()
    {
        // fast rate, granularity, chopping, and of AGAD: granularity, chopping, tail, over aihwkit's presets at 4545f11
        { "ReRAM-ES", 0.5, 1000, 0.01, 1000, 0.02, 5, 31 },
        { "ReRAM-SB", 0.5, 1000, 0.01, 1000, 0.02, 5, 31 },
        { "capacitor", 0.1, 1000, 0.01, 1000, 0.01, 20, 31 },
        { "ECRAM", 0.1, 500, 0.01, 750, 0.005, 50, 31 },
        { "ECRAM-MO", 0.1, 500, 0.001, 500, 0.005, 50, 31 },
        { "idealised", 0.1, 500, 0.001, 500, 0.005, 50, 31 },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void TheNumbersAreThoseOfTheSource(
        string device, double fastRate, double granularity, double chopping, double agadGranularity, double agadChopping, double tail, double pulses)
    {
        var rules = Devices[device];
        var (buffered, chopped, agad) = ((BufferedTikiTaka)rules.TikiTakaV2.Cell, (ChoppedTikiTaka)rules.ChoppedTikiTakaV2.Cell, (Agad)rules.Agad.Cell);
        var rate = new AutomaticRate { Gain = fastRate, Pulses = pulses };
        Assert.Equal((rate, granularity, 1), (buffered.FastRate, buffered.Granularity, buffered.MostPulses));
        Assert.Equal((rate, granularity, chopping, 1), (chopped.FastRate, chopped.Granularity, ((RandomChopper)chopped.Chopper).Probability, chopped.MostPulses));
        Assert.Equal((rate, agadGranularity, 1 / agadChopping, tail), (agad.FastRate, agad.Granularity, agad.Chopper.Period, agad.Tail));
        Assert.Equal((0.0, 1, 1.0), (((TikiTaka)rules.TikiTaka.Cell).Mixing, buffered.TransferEvery, ((TikiTaka)rules.TikiTaka.Cell).TransferRate));
        Assert.IsType<NoScaling>(buffered.Reading.Scaling);
        Assert.Equal((0.1, 7, 20.0), (buffered.Reading.OutputNoise, ((UniformConverter)buffered.Reading.Dac).Bits, ((UniformConverter)buffered.Reading.Adc).Bound));
    }

    [Fact]
    public void EveryRuleTrainsOnEveryDeviceAndIsWrittenAsJson()
    {
        foreach (var (device, rules) in Devices)
        {
            foreach (var hardware in new[] { rules.Sgd, rules.TikiTaka, rules.TikiTakaV2, rules.ChoppedTikiTakaV2, rules.Agad, rules.MixedPrecision })
            {
                using var scope = NewDisposeScope();
                Assert.Equal(hardware, ConfigJson.Read<TileConfig>(ConfigJson.Write(hardware)));
                using var layer = Linear(6, 4);
                layer.ToAnalog(hardware, seed: 1);
                using var optimizer = new AnalogSGD(layer.parameters(), lr: 0.1);
                for (var step = 0; step < 3; step++)
                {
                    optimizer.zero_grad();
                    layer.call(Noise.Normal(new Rng(1), [8, 6])).square().mean().backward();
                    optimizer.step();
                }
                Assert.True(layer.weight!.isfinite().all().item<bool>(), device);
            }
        }
    }
}
