using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Cells;

public class MspLspTests(ITestOutputHelper output)
{
    private static readonly MspLspCell Ideal = new()
    {
        Writer = new IdealWriter(),
        Offset = new NoOffset(),
        Capacitor = new GatedCapacitor { Leakage = new NoLeakage(), ThresholdMismatch = 0, StepMismatch = 0 },
    };

    /// <summary>What a pair's RESET device keeps, what closed-loop programming misses, and leakage: none of them may pull weights one way.</summary>
    /// <remarks>Left to g, the 0.1 µS of the RESET device leaks away at every transfer, which costs weights of this size 2 % each time.</remarks>
    [Fact]
    public void WeightsDoNotDecayFromTransferToTransfer()
    {
        using var scope = NewDisposeScope();
        var cell = (MspLspCell)AnalogTorch.Presets.PcmPresets.MspLsp.Cell;
        var targets = Noise.Normal(Rng.FromSeed(Stat.Seed), [128, 256]).mul_(0.03f);
        var weights = targets.clone();
        using var array = cell.Build(Rng.FromSeed(Stat.Seed + 1), weights);
        array.Write(targets);
        const int Transfers = 10;
        for (var transfer = 0; transfer < Transfers; transfer++)
            array.Add(zeros_like(weights), cell.TransferEvery, 1);
        var slope = ((weights * targets).mean() / targets.square().mean()).item<float>();
        // Programming leaves up to 0.8 µS of noise a weight of 4.5 µS, over 32,768 of them 0.1 %; a decay of 0.1 % a transfer would show.
        output.WriteLine($"share of the weights that is left after {Transfers} transfers: {slope:P2}");
        Assert.InRange(slope, 1 - Transfers * 0.001, 1 + Transfers * 0.001);
    }

    [Fact]
    public void InversionTakesBackWhatMismatchAddsToAZeroSumTrain()
    {
        // 20 % mismatch between charging and discharging; 1,000 pulses, up and down in turn, over two intervals. Exact writing and
        // no leakage leave nothing but the mismatch. |ΔW| is averaged over 4,096 cells.
        var mismatched = Ideal with { TransferEvery = 500, Capacitor = Ideal.Capacitor with { StepMismatch = 0.2 } };
        var alternating = Drift(mismatched with { Polarity = new AlternatingPolarity() });
        var constant = Drift(mismatched with { Polarity = new FixedPolarity() });
        output.WriteLine($"mean |ΔW|: {alternating:G3} with inversion, {constant:G3} without, ratio {alternating / constant:P2}");
        Assert.True(alternating <= 0.1 * constant, $"{alternating:G3} is more than a tenth of {constant:G3}.");
        // Without inversion the drift is 2·250·|ε_u − ε_d| steps, of which the normal distribution has a mean of 0.2·2/√π = 0.226;
        // the lower end of the capacitor's range, 60 steps below its start, cuts off a part.
        Assert.InRange(constant / mismatched.WeightStep, 50, 113);

        static double Drift(MspLspCell cell)
        {
            using var scope = NewDisposeScope();
            var weights = zeros(64, 64);
            using var array = cell.Build(Rng.FromSeed(Stat.Seed), weights);
            array.CountPulses();
            array.Write(zeros(64, 64));
            var before = weights.clone();
            var words = ones([100, 64], ScalarType.Int32);
            var alternate = where(arange(100).unsqueeze(1).remainder(2) == 0, words, words | tensor(int.MinValue)).contiguous();
            for (var batch = 0; batch < 10; batch++)
                array.Update(Bench.Pair(words, alternate, 100));
            Assert.Equal(1000 * 64 * 64, array.Pulses);
            Assert.True((array.PulseCounts!.Value.Up == 500).all().item<bool>());
            Assert.True((array.PulseCounts!.Value.Down == 500).all().item<bool>());
            return (weights - before).abs().mean().item<float>();
        }
    }

    public static TheoryData<string> Offsets => new(Catalog.Variants<TransferOffset>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Offsets))]
    public void ExactWritingKeepsEveryWeightToOnePulse(string offset)
    {
        using var scope = NewDisposeScope();
        // Read transistors differ, which the more significant pair takes over; steps do not, so half a pulse is all that is lost.
        var cell = Ideal with
        {
            TransferEvery = 10,
            OutputsPerReference = 8,
            Offset = Catalog.Defaults<TransferOffset>().Single(o => o.GetType().Name == offset),
            // From this threshold the start voltage has room for 4 µS downward, too: an offset may leave that much to g.
            Capacitor = Ideal.Capacitor with { ThresholdMismatch = 25 * Units.mV, StepSlope = 0, Threshold = 0.25, MinVoltage = 0.25 },
        };
        var targets = Noise.Normal(new Rng(1), [20, 33]).mul_(0.1f);
        var weights = zeros(20, 33);
        using var array = cell.Build(new Rng(2), weights);
        array.Write(targets);
        AssertWithinAPulse(targets);
        var idle = Bench.Pair(zeros([10, 48], ScalarType.Int32), zeros([10, 32], ScalarType.Int32), 10);
        for (var transfer = 0; transfer < 4; transfer++)
        {
            // Pulses between transfers, then the transfer itself on an idle batch.
            array.Update(Bench.Trains(new Rng((ulong)transfer), 9, 33, 20, 0.1));
            var before = weights.clone();
            var programming = array.ProgrammingPulses;
            array.Update(idle with { Samples = 1 });
            Assert.True(array.ProgrammingPulses > programming);
            AssertWithinAPulse(before);
        }

        void AssertWithinAPulse(Tensor expected) =>
            Assert.InRange((weights - expected).abs().max().item<float>(), 0, 0.501 * cell.WeightStep);
    }

    [Fact]
    public void ATransferMovesTheWeightIntoTheNonVolatilePair()
    {
        using var scope = NewDisposeScope();
        var cell = Ideal with { TransferEvery = 10 };
        var weights = zeros(20, 33);
        using var array = cell.Build(new Rng(2), weights);
        array.Write(zeros(20, 33));
        array.Update(Bench.Trains(new Rng(1), 10, 33, 20, 0.1));
        Tensor Of(string name) => array.Observables.Single(entry => entry.Name == name).Values;
        // W = F·(G⁺ − G⁻)/SiemensPerWeight, and g is back at its start; a weight of 1 is 150 µS.
        // Every term on the way, g itself the largest with 0.03 w, is rounded a few times.
        Assert.InRange((weights - (Of("G⁺") - Of("G⁻")) * (float)(3 / (150 * Units.uS))).abs().max().item<float>(), 0, 8 * Math.Pow(2, -24) * 4.62 / 150);
        Assert.True((Of("G⁺") * Of("G⁻") == 0).all().item<bool>());
        Assert.True(((Of("g") - (float)cell.Capacitor.Conductance(0.5)).abs() <= cell.Capacitor.NominalStep / 2).all().item<bool>());
        Assert.True((weights != 0).any().item<bool>());
    }

    [Fact]
    public void AWeightSmallerThanTheOffsetIsLeftToTheCapacitor()
    {
        using var scope = NewDisposeScope();
        var cell = Ideal with { Offset = new PolarityOffset() };
        using var array = cell.Build(new Rng(2), zeros(1, 3));
        // In µS: below twice the offset of 2, above it, and negative.
        array.Write(tensor(new[,] { { 3f, 5f, -1f } }) / 150f);
        var plus = array.Observables.Single(entry => entry.Name == "G⁺").Values.data<float>().ToArray();
        var minus = array.Observables.Single(entry => entry.Name == "G⁻").Values.data<float>().ToArray();
        Assert.Equal([0f, 1, 0], plus.Select(g => MathF.Round(g * 1e6f, 3)));
        Assert.Equal([0f, 0, 1], minus.Select(g => MathF.Round(g * 1e6f, 3)));
    }

    [Fact]
    public void LeakageOfMatchedCellsIsCommonToCellAndReference()
    {
        using var scope = NewDisposeScope();
        var cell = Ideal with { Capacitor = Ideal.Capacitor with { Leakage = new ExponentialLeakage() } };
        var weights = zeros(4, 5);
        using var array = cell.Build(new Rng(2), weights);
        array.Write(zeros(4, 5));
        array.Update(Bench.Pair(zeros([7000, 16], ScalarType.Int32), zeros([7000, 16], ScalarType.Int32), 7000));
        Assert.Equal(0, weights.abs().max().item<float>());
        Assert.True(array.Observables.Single(entry => entry.Name == "g").Values.min().item<float>() > cell.Capacitor.Conductance(0.57));
    }

    [Fact]
    public void ReferencesAreSharedByGroupsOfOutputs()
    {
        using var scope = NewDisposeScope();
        using var array = (Ideal with { OutputsPerReference = 8 }).Build(new Rng(1), zeros(20, 33));
        Assert.Equal([3L, 33], array.State["reference_value"].shape);
        Assert.Equal(3.125, (Ideal with { OutputsPerReference = 8 }).DevicesPerWeight);
    }
}
