using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Layers;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Updates;

public class PulseSizeTests
{
    private const double Rate = 0.01;
    private static readonly GatedCapacitor Ideal = new() { StepMismatch = 0, ThresholdMismatch = 0, StepSlope = 0, MinVoltage = 0, StartVoltage = 5, MaxVoltage = 10, Leakage = new NoLeakage() };
    private static readonly SingleDevice Cell = new() { Device = Ideal, Reference = new ZeroReference(), ValuePerWeight = 50 * Units.uS };

    [Fact]
    public void TheSizeFollowsTheRateBetweenItsBounds()
    {
        var size = new ShrinkingPulses { FullFrom = 0.1, Least = 0.2 };
        Assert.Equal([1, 1, 0.5, 0.2, 0.2], new[] { 1, 0.1, 0.05, 0.02, 1e-6 }.Select(rate => size.Of(new(rate, double.NaN, 0.001))), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(1, new FullPulses().Of(new(1e-6, double.NaN, 0.001)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.5)]
    public void SmallPulsesMoveAsFarWithLessNoise(double size)
    {
        // Coincidences are binomial: BL·q of them with q = rate·|x·δ|/(BL·size·Δw), variance BL·q(1 − q)·(size·Δw)².
        const int slots = 10;
        const double x = 0.5, delta = -0.4;
        var step = Cell.WeightStep * size;
        var q = Rate * Math.Abs(x * delta) / (slots * step);
        var scheme = new StochasticTrains { BitLength = slots, Size = new ShrinkingPulses { FullFrom = Rate / size } };
        Stat.Mean(Changes).Is(-Rate * x * delta, Math.Sqrt(slots * q * (1 - q)) * step, detect: 0.02 * Rate * Math.Abs(x * delta));
        Stat.Variance(Changes).Is(slots * q * (1 - q) * step * step, detect: 0.03, kurtosis: 3 + (1 - 6 * q * (1 - q)) / (slots * q * (1 - q)));

        // Every cell is a group with an input line of its own, so that no two share a train.
        float[] Changes(int count, Rng rng)
        {
            using var scope = NewDisposeScope();
            using var trains = new PulseTrains(1, count, groups: count);
            var weights = zeros(count, 1);
            using var array = Cell.Build(rng.Split("cells"), weights);
            array.Refresh();
            var before = weights.clone();
            var inputs = zeros(1, count, trains.InputCount / count);
            inputs.select(2, 0).fill_((float)x);
            scheme.Apply(inputs.view(1, -1), full([1, count], (float)delta), Rate, rng.Split("trains"), trains, array, null);
            return Bench.Floats((weights - before).view(-1));
        }
    }

    [Fact]
    public void FittedPulsesAreSoLargeThatTheLargestChangeTakesSoMany()
    {
        var size = new FittedPulses { Pulses = 4, Least = 0.1 };
        Assert.Equal([1, 1, 0.5, 0.1, 0.1, 0.1], new[] { 1, 0.4, 0.2, 0.04, 0.01, 0 }.Select(product => size.Of(new(0.01, product, 0.001))), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void TheLargestChangeOfFittedPulsesHasNoNoise(int samples)
    {
        // Every product is the largest of its batch: all lines have a pulse in each of the slots, which take the weight as far as it should go.
        const double x = 0.5, delta = -0.4, rate = 0.02;
        using var scope = NewDisposeScope();
        using var trains = new PulseTrains(5, 3) { HasBias = false };
        var weights = zeros(3, 5);
        using var array = Cell.Build(new Rng(1), weights);
        array.Refresh();
        var before = weights.clone();
        new AdaptiveTrains { Size = new FittedPulses { Pulses = 4 } }.Apply(full([samples, 5], (float)x), full([samples, 3], (float)delta), rate, new Rng(2), trains, array, null);
        Assert.Equal(4 * samples, trains.SlotsSent);
        Assert.Equal(15 * 4 * samples, array.Pulses);
        Assert.All(Bench.Floats((weights - before).view(-1)), change => Assert.Equal(-rate * x * delta * samples, change, 1e-5));
    }

    [Fact]
    public void TheLargestSampleSetsTheSizeForItsBatch()
    {
        using var scope = NewDisposeScope();
        using var trains = new PulseTrains(5, 3);
        using var array = Cell.Build(new Rng(1), zeros(3, 5));
        using var bias = Cell.Build(new Rng(3), zeros(3, 1));
        array.Refresh();
        var (x, delta) = (full([2, 5], 0.5f), tensor(new[] { 0.4f, 0.1f }).view(2, 1).expand(2, 3).contiguous());
        new AdaptiveTrains { Size = new FittedPulses { Pulses = 8 } }.Apply(x, delta, 0.02, new Rng(2), trains, array, bias);
        // The constant input of 1 makes the largest product; the second sample asks for a quarter of its slots.
        Assert.Equal(8 + 2, trains.SlotsSent);
    }

    [Fact]
    public void TheNumberOfPulsesStaysWhileTheRateFalls()
    {
        var (constant, shrunk) = (Pulses(new FullPulses()), Pulses(new ShrinkingPulses { FullFrom = Rate }));
        Assert.InRange(constant.AtTenth / (double)constant.AtOne, 0.08, 0.12); // some 80,000 pulses at the full rate, on trains that many of them share
        Assert.InRange(shrunk.AtTenth / (double)shrunk.AtOne, 0.95, 1.05);
        Assert.Equal(constant.AtOne, shrunk.AtOne);

        static (long AtOne, long AtTenth) Pulses(PulseSize size)
        {
            using var scope = NewDisposeScope();
            using var trains = new PulseTrains(50, 40);
            using var array = new MspLspCell().Build(new Rng(1), zeros(40, 50));
            array.Write(zeros(40, 50));
            var scheme = new StochasticTrains { Size = size };
            scheme.Apply(full([80, 50], 0.5f), full([80, 40], 0.1f), Rate, new Rng(2), trains, array, null);
            var first = array.Pulses;
            scheme.Apply(full([80, 50], 0.5f), full([80, 40], 0.1f), Rate / 10, new Rng(3), trains, array, null);
            return (first, array.Pulses - first);
        }
    }

    [Fact]
    public void DevicesWhoseStepsHaveOneSizeAreRefused()
    {
        var small = new StochasticTrains { Size = new ShrinkingPulses() };
        Assert.Contains("PcmSet takes full pulses only", Refused(new SingleDevice { Device = new PcmSet() }));
        Assert.Contains("OneSidedPair takes full pulses only", Refused(new OneSidedPair()));
        using var layer = Linear(3, 2);
        layer.ToAnalog(new TileConfig { Cell = new MspLspCell(), Update = small }, seed: 1);

        string Refused(UnitCell cell)
        {
            using var refused = Linear(3, 2);
            return Assert.Throws<ArgumentException>(() => refused.ToAnalog(new TileConfig { Cell = cell, Update = small }, seed: 1)).Message;
        }
    }
}
