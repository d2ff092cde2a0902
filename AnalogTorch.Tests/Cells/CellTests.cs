using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Cells;

public class CellTests : LawsOf<UnitCell>
{
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
            ValuePerWeight = device.Range.Max,
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
