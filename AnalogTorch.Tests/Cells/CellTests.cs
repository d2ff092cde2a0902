using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Cells;

public class CellTests
{
    public static TheoryData<string> Cells => new(Catalog.Variants<UnitCell>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Cells))]
    public void UpdatesMoveWeightsTheWayTheTrainsSay(string name)
    {
        using var scope = NewDisposeScope();
        var cell = Catalog.Defaults<UnitCell>().Single(cell => cell.GetType().Name == name);
        var weights = zeros(30, 50);
        using var array = cell.Build(new Rng(1), weights);
        array.Write(zeros(30, 50));
        var before = weights.clone();
        // The sign of an output's word is that of −δ: both words positive raise the weight. All lines coincide 4 times.
        var (x, d) = (zeros([1, 64], ScalarType.Int32), zeros([1, 32], ScalarType.Int32));
        x.slice(1, 0, 50, 1).fill_(15);
        d.slice(1, 0, 15, 1).fill_(15 | int.MinValue);
        d.slice(1, 15, 30, 1).fill_(15);
        array.Update(Bench.Pair(x, d, 1));
        var change = (weights - before) / (float)cell.WeightStep;
        // 750 weights a half; the spread of four steps, device and cycle noise included, is below four steps each.
        Assert.InRange(change.slice(0, 0, 15, 1).mean().item<float>(), -8, -2);
        Assert.InRange(change.slice(0, 15, 30, 1).mean().item<float>(), 2, 8);
        Assert.Equal(30 * 50 * 4, array.Pulses);
        Assert.Equal(1, array.Examples);
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void RefreshGivesTheWeightsAgain(string name)
    {
        using var scope = NewDisposeScope();
        // Scaled, so that no cell has the very weights as the values of its devices.
        var cell = Catalog.Defaults<UnitCell>().Single(cell => cell.GetType().Name == name).Scaled(2);
        var weights = zeros(7, 20);
        using var array = cell.Build(new Rng(1), weights);
        array.Write(Noise.Normal(new Rng(2), [7, 20]).mul_(0.05f));
        array.Update(Bench.Trains(new Rng(3), 5, 20, 7, 0.2));
        var before = Bench.Floats(weights);
        weights.zero_();
        array.Refresh();
        Assert.Equal(before, Bench.Floats(weights));
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void CountsOfPulsesAddUp(string name)
    {
        using var scope = NewDisposeScope();
        var cell = Catalog.Defaults<UnitCell>().Single(cell => cell.GetType().Name == name);
        using var array = cell.Build(new Rng(1), zeros(7, 20));
        Assert.Null(array.PulseCounts);
        array.Write(zeros(7, 20));
        array.CountPulses();
        var trains = Bench.Trains(new Rng(3), 5, 20, 7, 0.2);
        array.Update(trains);
        var (up, down) = Bench.Coincidences(trains, 7, 20, PulseSide.Both, inverted: false);
        Assert.Equal(up, array.PulseCounts!.Value.Up.data<int>().ToArray());
        Assert.Equal(down, array.PulseCounts!.Value.Down.data<int>().ToArray());
        Assert.Equal(up.Sum() + down.Sum(), array.Pulses);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APairIsRefreshedBelowItsThresholdAndKeepsItsWeight(bool phaseChange)
    {
        using var scope = NewDisposeScope();
        // Steps in the unit of the value: of the ideal device 0.01 of a range of 1; of the phase-change one at most c₁ + A₁·e^(−1/α).
        PulsedDevice device = phaseChange
            ? new PcmSet { NoiseSlope = 0, NoiseStep = 0, NoiseHistory = 0, GResetSpread = 0 }
            : new ConstantStep { DwMin = 0.01, Min = 0, Max = 1, CycleNoise = 0, DwMinVariation = 0, UpDownVariation = 0, MaxVariation = 0, MinVariation = 0, ResetSpread = 0 };
        var largestStep = phaseChange ? 0.880e-6 + 1.40e-6 * Math.Exp(-1 / 2.6) : 0.01;
        var threshold = phaseChange ? 7 * Units.uS : 0.7;
        var cell = new OneSidedPair
        {
            Device = device,
            SiemensPerWeight = device.Range.Max,
            MaxWritePulses = 200,
            Refresh = new OccasionalReset { Every = 10, Threshold = threshold },
        };
        var weights = zeros(20, 30);
        using var array = cell.Build(new Rng(1), weights);
        array.Write(zeros(20, 30));
        // Nine examples of random signs fill both sides of the pairs; the tenth moves nothing, and then the refresh is due.
        array.Update(Bench.Trains(new Rng(2), 9, 30, 20, phaseChange ? 0.15 : 0.6));
        var before = weights.clone();
        Tensor Largest() => maximum(Observable("G⁺"), Observable("G⁻"));
        Tensor Observable(string name) => array.Observables.Single(entry => entry.Name == name).Values;
        var saturated = Largest() > (float)threshold;
        Assert.True(saturated.any().item<bool>() && !saturated.all().item<bool>());
        array.Update(Bench.Pair(zeros([1, 32], ScalarType.Int32), zeros([1, 32], ScalarType.Int32), 1));
        var change = (weights - before).abs();
        // Others are left alone; rewritten ones stop within half a nominal step before the target, or one step after.
        Assert.Equal(0, change.masked_fill(saturated, 0f).max().item<float>());
        Assert.True(change.max().item<float>() <= largestStep / device.Range.Max);
        Assert.True(change.max().item<float>() > 0 || !phaseChange);
        var difference = before.abs() * (float)device.Range.Max + (float)(largestStep + device.Range.Min);
        Assert.True(Largest().masked_select(saturated).less_equal(difference.masked_select(saturated)).all().item<bool>());
        Assert.True((minimum(Observable("G⁺"), Observable("G⁻")).masked_select(saturated) <= (float)device.Range.Min).all().item<bool>());
    }

    [Fact]
    public void WriteNoiseIsAnotherInEveryArrayAndAtEveryWrite()
    {
        using var scope = NewDisposeScope();
        var cell = new SingleDevice { Device = new ConstantStep { CycleNoise = 0 }, WriteNoise = 10 };
        var (one, other) = (zeros(5, 6), zeros(5, 6));
        using var first = cell.Build(new Rng(1), one);
        using var second = cell.Build(new Rng(2), other);
        first.Write(zeros(5, 6));
        var before = one.clone();
        first.Write(zeros(5, 6));
        second.Write(zeros(5, 6));
        Assert.Equal(90, Bench.Floats(before).Concat(Bench.Floats(one)).Concat(Bench.Floats(other)).Distinct().Count());
    }

    [Fact]
    public void WithoutRefreshAPairSaturates()
    {
        using var scope = NewDisposeScope();
        using var array = new OneSidedPair { Refresh = new NoRefresh() }.Build(new Rng(1), zeros(4, 4));
        array.Write(zeros(4, 4));
        for (var step = 0; step < 50; step++)
            array.Update(Bench.Trains(new Rng((ulong)step), 20, 4, 4, 0.8));
        // Both devices of every pair end where the mean step is zero: c₁/|m₁| = 10.5 µS, with a spread of some 3 µS.
        Assert.All(array.Observables, entry => Assert.InRange(entry.Values.mean().item<float>() / Units.uS, 5, 16));
        Assert.Equal(2 * 16, array.ProgrammingPulses);
    }
}
