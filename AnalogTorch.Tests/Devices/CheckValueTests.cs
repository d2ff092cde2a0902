using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Kernels;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Devices;

/// <summary>Values that come from outside this program: published constants, or worked out from published equations.</summary>
public class CheckValueTests(ITestOutputHelper output)
{
    [Fact]
    public void PcmAccumulatesAsInNandakumar2018()
    {
        // Mean and standard deviation (µS) after n SET pulses, by direct simulation of 20,000 devices from the published equations.
        (int Pulses, double Mean, double Std)[] published =
            [(1, 2.04, 1.52), (2, 3.41, 1.95), (3, 4.45, 2.18), (5, 5.91, 2.38), (8, 7.23, 2.45), (10, 7.80, 2.46), (15, 8.81, 2.57), (20, 9.39, 2.67)];
        using var scope = NewDisposeScope();
        var device = new PcmSet();
        var rng = Rng.FromSeed(Stat.Seed);
        var planes = device.Manufacture(rng, [200, 100]);
        var target = new PulseTarget { Planes = planes, Weights = zeros_like(planes.Value) };
        var sent = 0;
        foreach (var (pulses, mean, std) in published)
        {
            for (; sent < pulses; sent++)
                device.Accept(Engines.For(CPU).Pulse(target, ones_like(planes.Value, ScalarType.Int32), rng.Split("pulse").Split(sent)));
            var values = Bench.Floats(planes.Value).Select(value => value / Units.uS).ToArray();
            var measured = values.Average();
            var deviation = Math.Sqrt(values.Sum(value => (value - measured) * (value - measured)) / (values.Length - 1));
            output.WriteLine($"{pulses} pulses: {measured:F3} ± {deviation:F3} µS, published {mean} ± {std}");
            // Both sides are samples of 20,000, so their difference has √2 times the standard error of one; and the published digits are rounded to 0.005.
            var kurtosis = values.Average(value => Math.Pow((value - measured) / deviation, 4));
            var alarm = NormalDistribution.Quantile(1 - Stat.FalseAlarm / 2) * Math.Sqrt(2.0 / values.Length);
            Assert.InRange(measured, mean - alarm * std - 0.005, mean + alarm * std + 0.005);
            Assert.InRange(deviation, std - alarm * std * Math.Sqrt((kurtosis - 1) / 4) - 0.005, std + alarm * std * Math.Sqrt((kurtosis - 1) / 4) + 0.005);
        }
    }

    [Fact]
    public void PcmWithoutNoiseTendsToTheRatioOfItsConstants()
    {
        using var scope = NewDisposeScope();
        var device = new PcmSet { NoiseSlope = 0, NoiseStep = 0, NoiseHistory = 0, GResetSpread = 0 };
        var target = Bench.Target(device, new Rng(1), 1, 1);
        device.Accept(Bench.Engine("scalar").Pulse(target, full([1, 1], 300, ScalarType.Int32), default));
        // c₁/|m₁| = 0.880/0.084 = 10.476 µS; (1 − 0.084)^300 = 4e-12 of the way is left.
        Assert.Equal(10.476e-6, target.Planes.Value.item<float>(), 0.0005e-6);
    }

    [Fact]
    public void ExponentialStepPcmFollowsItsMeanTrajectory()
    {
        // Worked out from the equations of IBM aihwkit's ExpStep with the constants of its PCMPresetDevice; three decimals given.
        (int Pulses, double Weight)[] trajectory =
            [(1, 0.282), (2, 0.427), (3, 0.531), (5, 0.682), (10, 0.924), (20, 1.217), (30, 1.421), (60, 1.861)];
        using var scope = NewDisposeScope();
        var device = DevicePresets.Pcm with { CycleNoise = 0, DwMinVariation = 0, UpDownVariation = 0, MaxVariation = 0 };
        var target = Bench.Target(device, new Rng(1), 1, 1);
        Assert.Equal(0, target.Planes.Value.item<float>());
        var sent = 0;
        foreach (var (pulses, weight) in trajectory)
        {
            device.Accept(Bench.Engine("scalar").Pulse(target, full([1, 1], pulses - sent, ScalarType.Int32), default));
            sent = pulses;
            output.WriteLine($"{pulses} pulses: {target.Planes.Value.item<float>():F4}, published {weight}");
            Assert.Equal(weight, target.Planes.Value.item<float>(), 0.0005);
        }
    }

    [Theory]
    [InlineData(0.5, 4.6)]
    [InlineData(0.8, 13.9)]
    [InlineData(1.0, 20.0)]
    public void ReadTransistorConductsAsChosen(double voltage, double microsiemens) =>
        Assert.Equal(microsiemens, new GatedCapacitor().Conductance(voltage) / Units.uS, 0.05);

    [Fact]
    public void CapacitorCreepsInOneIntervalAsChosen()
    {
        using var scope = NewDisposeScope();
        var device = new GatedCapacitor();
        var value = full(1, (float)device.StartVoltage);
        for (var image = 0; image < 8000; image += 20)
            device.Leakage.Pass(value, null, 20 * 240 * Units.ns);
        output.WriteLine($"0.5 V became {value.item<float>():F5} V");
        Assert.Equal(0.593, value.item<float>(), 0.0005);
        Assert.Equal(2.9, (device.Conductance(value.item<float>()) - device.Conductance(0.5)) / Units.uS, 0.05);
        // Worked in at once or bit by bit, the time is the same: the sum of 400 roundings of a float.
        var once = full(1, (float)device.StartVoltage);
        device.Leakage.Pass(once, null, 8000 * 240 * Units.ns);
        Assert.Equal(once.item<float>(), value.item<float>(), 400 * Math.Pow(2, -24));
    }

    [Fact]
    public void ReadTransistorsDifferAsChosen()
    {
        Sampler conductances = (count, rng) =>
        {
            using var scope = NewDisposeScope();
            var device = new GatedCapacitor();
            var planes = device.Manufacture(rng, [1, count]);
            var target = new PulseTarget { Planes = planes, Weights = zeros_like(planes.Value), Gain = (float)(1 / Units.uS) };
            device.Accept(Engines.For(CPU).Read(target, default));
            return Bench.Floats(target.Weights);
        };
        // 30.8 µS/V · 25 mV = 0.77 µS around 30.8 · 0.15 = 4.62 µS; the threshold is 6 σ below the start voltage.
        Stat.Mean(conductances).Is(4.62, std: 0.77, detect: 0.01);
        Stat.Variance(conductances).Is(0.77 * 0.77, detect: 0.02);
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.3)]
    [InlineData(0.7)]
    public void ParametricJumpsHaveTheirMeanAndDeviation(double relative)
    {
        // G = 25 µS·relative; µ(G) = G_max/20·(1 − G/G_max) and σ(G) = µ/2 + 0.005·G_max, in the middle of the bin of 1/50.
        var device = new JumpTable { GMaxSpread = 0, GResetSpread = 0 };
        var bin = (Math.Floor(relative * 50) + 0.5) / 50;
        var mean = 25 / 20.0 * (1 - bin);
        var std = mean / 2 + 0.005 * 25;
        Sampler jumps = (count, rng) =>
        {
            using var scope = NewDisposeScope();
            var planes = device.Manufacture(rng, [(count + 99) / 100, 100]);
            // Far enough from the bounds that none is clipped: σ ≤ 0.74 µS, and the lowest start is 7.5 µS, but for the first.
            planes.Value.fill_((float)(25 * relative * Units.uS));
            var target = new PulseTarget { Planes = planes with { Min = full(1, -1f) }, Weights = zeros_like(planes.Value) };
            device.Accept(Engines.For(CPU).Pulse(target, ones_like(planes.Value, ScalarType.Int32), rng.Split("pulse")));
            return Bench.Floats((planes.Value / (float)Units.uS) - (float)(25 * relative));
        };
        // 101 quantiles cut the tails at 0.25/101 and straighten them: the table's own deviation is worked out here.
        var quantiles = Enumerable.Range(0, 101).Select(i => NormalDistribution.Quantile(Math.Clamp(i / 100.0, 0.25 / 101, 1 - 0.25 / 101))).ToArray();
        var tableVariance = quantiles.Zip(quantiles.Skip(1), (a, b) => (a * a + a * b + b * b) / 3).Average();
        Assert.InRange(Math.Sqrt(tableVariance), 0.98, 1.02);
        Stat.Mean(jumps).Is(mean, std, detect: 0.01 * mean);
        Stat.Variance(jumps).Is(std * std * tableVariance, detect: 0.03);
    }

    [Fact]
    public void AtTheSymmetryPointUpAndDownAreEqual()
    {
        using var scope = NewDisposeScope();
        var device = DevicePresets.ReRamSoftBounds with { CycleNoise = 0 };
        var planes = device.Manufacture(Rng.FromSeed(Stat.Seed), [20, 50]);
        var reference = new SymmetryPointReference().Draw(device, planes, new Rng(1))!;
        // (s_up − s_down)/(s_up/b_max − s_down/b_min), in double precision, from the float parameters.
        var (up, down, max, min) = (Bench.Floats(planes.Up), Bench.Floats(planes.Down), Bench.Floats(planes.Max), Bench.Floats(planes.Min));
        var points = Bench.Floats(reference);
        for (var i = 0; i < points.Length; i++)
        {
            if (up[i] == 0 && down[i] == 0)
            {
                Assert.Equal(0, points[i]);
                continue;
            }
            var expected = ((double)up[i] - down[i]) / ((double)up[i] / max[i] - (double)down[i] / min[i]);
            // The numerator is a difference of floats: its rounding relative to the denominator.
            var tolerance = 4 * Math.Pow(2, -24) * (Math.Abs(expected) + up[i] / ((double)up[i] / max[i] - (double)down[i] / min[i]));
            Assert.Equal(expected, points[i], tolerance);
            var upStep = up[i] * (1 - expected / max[i]);
            var downStep = down[i] * (1 - expected / min[i]);
            Assert.Equal(upStep, downStep, 1e-12 * (up[i] + down[i]));
        }
    }

    [Fact]
    public void WafersVaryAsTheirConfigSays()
    {
        var device = new ConstantStep { DwMin = 1, DwMinVariation = 0.1, UpDownVariation = 0.05, UpDownBias = 0.02, Max = 2, MaxVariation = 0.05, Min = -1, MinVariation = 0.1 };
        Stat.Mean(Plane(planes => planes.Up)).Is(1.02, std: Math.Sqrt(0.0125), detect: 0.001);
        Stat.Variance(Plane(planes => planes.Up)).Is(0.0125, detect: 0.03);
        Stat.Mean(Plane(planes => planes.Down)).Is(0.98, std: Math.Sqrt(0.0125), detect: 0.001);
        Stat.Variance(Plane(planes => planes.Max)).Is(0.01, detect: 0.03);
        Stat.Variance(Plane(planes => planes.Min)).Is(0.01, detect: 0.03);

        Sampler Plane(Func<ElementPlanes, Tensor> choose) => (count, rng) =>
        {
            using var scope = NewDisposeScope();
            return Bench.Floats(choose(device.Manufacture(rng, [1, count])));
        };
    }
}
