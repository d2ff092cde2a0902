using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Devices;

/// <summary>Elements of a wafer differ as the parameters say, in the order and with the signs of the documented equations.</summary>
public class WaferWitnessTests
{
    private static readonly long[] Shape = [300, 200];

    public static TheoryData<string> BoundedDevices => new(Catalog.Variants<BoundedDevice>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(BoundedDevices))]
    public void BoundedElementsVaryAsTheySay(string name)
    {
        using var scope = NewDisposeScope();
        var device = (BoundedDevice)Bench.Device(name) with
        {
            DwMin = 0.002,
            DwMinVariation = 0.1,
            UpDownBias = 0.15,
            UpDownVariation = 0.05,
            Max = 0.8,
            Min = -0.5,
            MaxVariation = 0.12,
            MinVariation = 0.07,
            ResetMean = 0.1,
            ResetSpread = 0.03,
        };
        var planes = device.Manufacture(Rng.FromSeed(Stat.Seed), Shape);
        // Δw±,d = DwMin·(1 + 0.1·ξ ± (0.15 + 0.05·ξ')): seven standard deviations from 0 and more, so that nothing is cut off.
        var (up, down) = (Numbers(planes.Up), Numbers(planes.Down));
        var both = 0.002 * Math.Sqrt(0.1 * 0.1 + 0.05 * 0.05);
        Stat.Moments(up, new(0.002 * 1.15, both), 1e-9, "up steps");
        Stat.Moments(down, new(0.002 * 0.85, both), 1e-9, "down steps");
        Stat.Moments([.. up.Zip(down, (a, b) => (a + b) / 2)], new(0.002, 0.002 * 0.1), 1e-9, "step sizes");
        Stat.Moments([.. up.Zip(down, (a, b) => (a - b) / 2)], new(0.002 * 0.15, 0.002 * 0.05), 1e-9, "imbalances");
        Stat.Moments(Numbers(planes.Max), new(0.8, 0.8 * 0.12), 1e-7, "upper bounds");
        Stat.Moments(Numbers(planes.Min), new(-0.5, 0.5 * 0.07), 1e-7, "lower bounds");
        Assert.All(Bench.Floats(planes.Value), value => Assert.Equal(0, value));
        Stat.Moments(Numbers(device.AfterReset(Noise.Normal(Rng.FromSeed(Stat.Seed), Shape))), new(0.1, 0.03), 1e-7, "weights after RESET");
        // What is drawn on the wrong side of zero stays a hundredth of the mean away from it.
        var wide = (device with { MaxVariation = 1, MinVariation = 1, DwMinVariation = 2 }).Manufacture(Rng.FromSeed(Stat.Seed), Shape);
        Assert.Equal(0.008f, Bench.Floats(wide.Max).Min());
        Assert.Equal(-0.005f, Bench.Floats(wide.Min).Max());
        Assert.Equal(0, Math.Min(Bench.Floats(wide.Up).Min(), Bench.Floats(wide.Down).Min()));
        Assert.Equal((-0.5f, 0.8f), Ends((device with { ResetSpread = 3 }).AfterReset(Noise.Normal(Rng.FromSeed(Stat.Seed), Shape))));
    }

    [Fact]
    public void PhaseChangeElementsAreResetAndFresh()
    {
        using var scope = NewDisposeScope();
        var device = new PcmSet { GReset = 2 * Units.uS, GResetSpread = 0.2 * Units.uS, GMax = 15 * Units.uS };
        var planes = device.Manufacture(Rng.FromSeed(Stat.Seed), Shape);
        Stat.Moments([.. Numbers(planes.Value).Select(g => g / Units.uS)], new(2, 0.2), 1e-6, "conductances (µS)");
        Assert.All(Bench.Floats(planes.Memory!), history => Assert.Equal(1, history));
        Assert.Equal([2e-6f, 15e-6f, 0.75e-6f, 0], new Tensor[] { planes.Min, planes.Max, planes.Up, planes.Down }
            .Select(plane => plane.item<float>()));
    }

    [Fact]
    public void ElementsOfJumpTablesVaryAsTheySay()
    {
        using var scope = NewDisposeScope();
        var device = new JumpTable { GMax = 20 * Units.uS, GMaxSpread = 2 * Units.uS, GReset = 3 * Units.uS, GResetSpread = 0.3 * Units.uS };
        var planes = device.Manufacture(Rng.FromSeed(Stat.Seed), Shape);
        Stat.Moments([.. Numbers(planes.Value).Select(g => g / Units.uS)], new(3, 0.3), 1e-6, "conductances (µS)");
        Stat.Moments([.. Numbers(planes.Max).Select(g => g / Units.uS)], new(20, 2), 1e-6, "largest conductances (µS)");
        // Means over the bins: of FirstStep·(1 − G/GMax) a half of FirstStep.
        Assert.Equal(20 * Units.uS * 0.05 / 2, device.NominalStep, 1e-6 * device.NominalStep);
        Assert.Equal(0.05 * (1 - 0.31), device.Jumps.MeanUp(0.31), 1e-7); // the middle of the bin from 0.30 to 0.32
    }

    [Fact]
    public void CapacitorsVaryAsTheySay()
    {
        using var scope = NewDisposeScope();
        var device = new GatedCapacitor { VoltageStep = 2 * Units.mV, StepMismatch = 0.1, Threshold = 0.3, ThresholdMismatch = 20 * Units.mV };
        var planes = device.Manufacture(Rng.FromSeed(Stat.Seed), Shape);
        Stat.Moments(Numbers(planes.Up), new(0.002, 0.0002), 1e-9, "charging steps");
        Stat.Moments(Numbers(planes.Down), new(0.002, 0.0002), 1e-9, "discharging steps");
        Stat.Moments(Numbers(planes.Offset), new(0.3, 0.02), 1e-7, "thresholds");
        Stat.Mean([.. Numbers(planes.Up).Zip(Numbers(planes.Down), (a, b) => (a - 0.002) * (b - 0.002))], 0, 0,
            "what charging and discharging have in common");
        Assert.All(Bench.Floats(planes.Value), voltage => Assert.Equal(0.5f, voltage));
        Assert.Equal((0.35f, 1f), (((Tensor)planes.Min).item<float>(), ((Tensor)planes.Max).item<float>()));
        Assert.Equal(device.Transconductance * 0.002, device.NominalStep, 1e-12 * device.NominalStep);
        Assert.Equal(device.Transconductance * (0.35 - 0.3), device.Range.Min, 1e-9 * device.Range.Max);
        Assert.Equal(device.Transconductance * (1 - 0.3), device.Range.Max, 1e-9 * device.Range.Max);
        Assert.Equal(0, device.Conductance(0.2));
    }

    [Theory]
    [InlineData(0.3, 1e-4)]
    [InlineData(1.1, 7e-3)]
    [InlineData(0.8, 1)]
    public void LeakageIsThatOfACapacitorOverAResistor(double voltage, double seconds)
    {
        // dV/dt = (V∞ − V)/τ, in small steps.
        using var scope = NewDisposeScope();
        var leakage = new ExponentialLeakage { Rest = 0.7, TimeConstant = 4 * Units.ms };
        var value = full(1, (float)voltage);
        leakage.Pass(value, null, seconds);
        var followed = voltage;
        const int Steps = 1_000_000;
        for (var step = 0; step < Steps; step++)
            followed += (0.7 - followed) * seconds / Steps / 0.004;
        Assert.Equal(followed, value.item<float>(), 2e-4 * Math.Abs(0.7 - voltage) + 1e-6);
        new NoLeakage().Pass(value, null, seconds);
        Assert.Equal(followed, value.item<float>(), 2e-4 * Math.Abs(0.7 - voltage) + 1e-6);
    }

    private static (float Least, float Most) Ends(Tensor values) => (values.min().item<float>(), values.max().item<float>());

    private static double[] Numbers(Tensor plane) => Array.ConvertAll(Bench.Floats(plane), value => (double)value);
}
