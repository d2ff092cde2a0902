using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Cells;

/// <summary>What time and imperfect devices do to cells that train.</summary>
public class PhysicsOfTrainingTests
{
    private const double Start = 1 * Units.us;
    private static readonly Pcm90nm Drifting = new() { DriftStart = Start, ReadNoiseScale = 0 };
    private static readonly GatedCapacitor Still = new() { Leakage = new NoLeakage(), ThresholdMismatch = 0, StepMismatch = 0 };

    /// <summary>A pair that holds weights by itself, written exactly.</summary>
    private static readonly MspLspCell Exact = new()
    {
        Writer = new IdealWriter(),
        Offset = new NoOffset(),
        CorrectionRounds = 0,
        Capacitor = Still,
        TransferEvery = 100,
        SiemensPerWeight = 150 * Units.uS,
    };

    public static TheoryData<string> Cells =>
        [.. Catalog.Variants<UnitCell>().Where(type => type.Assembly == typeof(UnitCell).Assembly).Select(type => type.Name), nameof(PcmPresets.MspLspPhysical)];

    [Fact]
    public void TimeConstantsOfCellsAreLogNormal()
    {
        const double tau = 5 * Units.ms, spread = 0.3;
        var leakage = new UnevenLeakage { TimeConstant = tau, Spread = spread };
        Sampler drawn = (count, rng) =>
        {
            using var scope = NewDisposeScope();
            return Bench.Floats(leakage.Draw(rng, [count], CPU)! * (float)(1 / tau));
        };
        Stat.Mean(drawn).Is(1, std: spread, detect: 0.01);
        // Kurtosis of a log-normal number with e^{s²} = 1 + spread².
        var k = 1 + spread * spread;
        Stat.Variance(drawn).Is(spread * spread, detect: 0.05, kurtosis: Math.Pow(k, 4) + 2 * Math.Pow(k, 3) + 3 * k * k - 3);
        using var scope = NewDisposeScope();
        var taus = leakage.Draw(new Rng(1), [50], CPU)!;
        var value = full(50, 0.5f);
        leakage.Pass(value, taus, 2 * Units.ms);
        Assert.All(Bench.Floats(taus).Zip(Bench.Floats(value)), pair => Assert.Equal(0.8 - 0.3 * Math.Exp(-0.002 / pair.First), pair.Second, 1e-6));
    }

    [Fact]
    public void ThePairDriftsFromWhenItWasWritten()
    {
        using var scope = NewDisposeScope();
        const int examples = 40; // a whole number of times that drift is worked in
        const double weight = 0.1; // 15 µS, of which the pair holds a third as 5 µS, a fifth of the largest conductance
        using var array = (Exact with { Memory = Drifting }).Build(new Rng(1), zeros(200, 100));
        array.Write(full([200, 100], (float)weight));
        array.Idle(examples);
        // ν ~ N(μ, σ) of the share 0.2, negative once in 3,000: E[e^{−νL}] = e^{−μL + σ²L²/2} with L = ln((t + t₀)/t₀).
        var (mu, sigma) = (-0.0155 * Math.Log(0.2) + 0.0244, -0.0125 * Math.Log(0.2) - 0.0059);
        var l = Math.Log((examples * 240 * Units.ns + Start) / Start);
        var left = Math.Exp(-mu * l + sigma * sigma * l * l / 2);
        var measured = Of(array, "G⁺") / (float)(5 * Units.uS);
        // 20,000 devices, whose standard deviation is 3 %: 0.0002; a twentieth of the drift is 0.006.
        Assert.Equal(left, measured.mean().item<float>(), 0.001);
        Assert.Equal(sigma * l * left, measured.std().item<float>(), 0.05 * sigma * l * left);
        Assert.Equal(weight * left, array.Weights.mean().item<float>(), 0.001 * weight);
    }

    [Fact]
    public void ATransferWritesWhatItReadsOfThePairAsItHasDrifted()
    {
        using var scope = NewDisposeScope();
        var cell = Exact with { Memory = Drifting };
        var weights = zeros(20, 30);
        using var array = cell.Build(new Rng(1), weights);
        array.Write(Noise.Normal(new Rng(2), [20, 30]).mul_(0.1f));
        array.Idle(cell.TransferEvery - 1);
        array.Wait(0); // works the time in that has passed
        var before = weights.clone();
        array.Idle(1);
        // One more example of 100 is less than 0.06·ln(101/100) of the drift; g at its start adds nothing.
        Assert.Equal(1, array.Transfers);
        Assert.InRange(((weights - before).abs() / before.abs().clamp_min(0.01f)).max().item<float>(), 0, 0.003);
        var fresh = weights.clone();
        array.Wait(10 * Start);
        // Drift starts anew with every write: 11 times its start time later, 6 to 12 % are gone, though the array is old.
        var lost = 1 - (weights.abs().sum() / fresh.abs().sum()).item<float>();
        Assert.InRange(lost, 0.08, 0.2);
    }

    [Fact]
    public void ReadsScatterAsTheMemorySaysAndAlikeUntilTimePasses()
    {
        using var scope = NewDisposeScope();
        var memory = Drifting with { DriftScale = 0, ReadNoiseScale = 1 };
        using var array = (Exact with { Memory = memory }).Build(new Rng(1), zeros(200, 100));
        array.Write(full([200, 100], 0.1f));
        array.Wait(40 * Units.us);
        // σ = G·Q·√(ln((t + t₀ + t_r)/(2·t_r))), Q = 0.0088/0.2^0.65.
        var sigma = 5 * Units.uS * 0.0088 / Math.Pow(0.2, 0.65) * Math.Sqrt(Math.Log((41.25e-6) / 0.5e-6));
        Assert.Equal(sigma, Of(array, "G⁺").std().item<float>(), 0.03 * sigma);
        var before = Bench.Floats(array.Weights);
        array.Weights.zero_();
        array.Refresh();
        Assert.Equal(before, Bench.Floats(array.Weights));
        array.Wait(1 * Units.us);
        Assert.NotEqual(before, Bench.Floats(array.Weights));
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void DevicesThatAreStuckStayWhereTheyAre(string name)
    {
        using var scope = NewDisposeScope();
        var cell = Cell(name).Scaled(2) with { Defects = new StuckDevices { AtMin = 0.2, AtMax = 0.1 } };
        var weights = zeros(40, 50);
        using var array = cell.Build(new Rng(1), weights);
        array.Write(Noise.Normal(new Rng(2), [40, 50]).mul_(0.05f));
        for (var step = 0; step < 4; step++)
            array.Update(Bench.Trains(new Rng(3).Split(step), 10, 50, 40, 0.5));
        var stuck = array.State.Names.Where(role => role.EndsWith("_stuck", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(stuck);
        foreach (var plane in stuck)
        {
            var where = array.State[plane].isnan().logical_not();
            var role = plane[..^"_stuck".Length];
            var values = array.State.Names.Contains(role + "_value") ? array.State[role + "_value"] : array.State[role];
            Assert.Equal(Bench.Floats(array.State[plane].masked_select(where)), Bench.Floats(values.masked_select(where)));
            // Binomial: 30 % of n, within 5 standard deviations.
            var n = where.NumberOfElements;
            Assert.InRange(where.sum().item<long>() - 0.3 * n, -5 * Math.Sqrt(0.21 * n), 5 * Math.Sqrt(0.21 * n));
        }
        var shown = Bench.Floats(weights);
        weights.zero_();
        array.Refresh();
        Bench.AssertClose(tensor(shown), weights.view(-1), 4, "weight");
    }

    [Fact]
    public void WithoutTheShareOfStuckDevicesNothingIsStuck()
    {
        using var array = new MspLspCell().Build(new Rng(1), zeros(4, 5));
        Assert.DoesNotContain(array.State.Names, name => name.EndsWith("_stuck", StringComparison.Ordinal));
    }

    [Fact]
    public void TransfersTakeTheTimeOfTheirLines()
    {
        var timing = new LineByLine();
        Assert.Equal(100 * 250e-9, timing.Reading(100), 1e-12);
        Assert.Equal(100 * 3 * 4.65e-6, timing.Writing(100, 3), 1e-12);
        Assert.Equal(100 * (250e-9 + 80 * 0.5e-9), timing.Correcting(100, 80), 1e-12);
    }

    [Fact]
    public void CapacitorsLeakWhileATransferCorrects()
    {
        using var scope = NewDisposeScope();
        const int lines = 100, rounds = 3;
        var leak = new ExponentialLeakage();
        var timing = new LineByLine { ReadTime = 2 * Units.us };
        using var array = (Exact with { Timing = timing, CorrectionRounds = rounds, Capacitor = Still with { Leakage = leak } }).Build(new Rng(1), zeros(2, lines));
        array.Write(zeros(2, lines));
        // The reference leaks alike, so that nothing is missing, and no round pulses anything; before them g was RESET.
        var time = rounds * timing.Correcting(lines, Exact.MaxCorrectionPulses);
        var voltage = leak.Rest + (Still.StartVoltage - leak.Rest) * Math.Exp(-time / leak.TimeConstant);
        Assert.Equal(Still.Conductance(voltage) / Units.uS, Of(array, "g").mean().item<float>() / Units.uS, 1e-4);
        Assert.Equal(0, array.Weights.abs().max().item<float>());
        Assert.InRange(voltage, 0.52, 0.6);
    }

    [Fact]
    public void WaitingAndIdleExamplesAreTheSameTime()
    {
        using var scope = NewDisposeScope();
        var cell = Exact with { Capacitor = Still with { Leakage = new ExponentialLeakage() }, TransferEvery = 100_000 };
        using var idle = cell.Build(new Rng(1), zeros(2, 3));
        using var waiting = cell.Build(new Rng(1), zeros(2, 3));
        idle.Write(zeros(2, 3));
        waiting.Write(zeros(2, 3));
        idle.Idle(5000);
        waiting.Wait(5000 * cell.ExampleTime);
        Bench.AssertClose(Of(idle, "g"), Of(waiting, "g"), 2000, "g"); // 250 times the factor, the product and the sum of a voltage are rounded
        Assert.InRange(Of(idle, "g").mean().item<float>(), Still.Conductance(0.55), Still.Conductance(0.6));
        Assert.Throws<ArgumentOutOfRangeException>(() => idle.Wait(-1));
    }

    [Fact]
    public void TriesThatAreReadWithNoiseEndFartherAway()
    {
        // Exact tries of noisy reads: a device is tried again if the read misses, and stays at what the last try gave.
        using var scope = NewDisposeScope();
        var exact = new StaircaseWriter { Tries = 200, Tolerance = 0.3 * Units.uS }; // of which none is left over
        var noisy = exact with { Reading = new AnalogPath { OutputNoise = 0.05 } }; // 1 µS of the 20
        var targets = full(50_000, (float)(10 * Units.uS));
        var (near, cheap) = exact.Write(targets, new Rng(1));
        var (far, _) = noisy.Write(targets, new Rng(1));
        // Uniform within the tolerance; and, by Bayes, the spread of 1.5 µS narrowed by a read of 1 µS: 1.5·1/√(1.5² + 1²) with the tolerance's own share.
        Assert.Equal(0.3 / Math.Sqrt(3), (near - targets).std().item<float>() / Units.uS, 0.02);
        var posterior = 1.5 / Math.Sqrt(1.5 * 1.5 + 1);
        var expected = Math.Sqrt(posterior * posterior + 0.03 * Math.Pow(1.5 * 1.5 / (1.5 * 1.5 + 1), 2));
        Assert.Equal(expected, (far - targets).std().item<float>() / Units.uS, 0.02);
        Assert.Equal(Bench.Floats(near), Bench.Floats((exact with { Reading = new AnalogPath() }).Write(targets, new Rng(1)).Conductances));
        Assert.True(cheap > 2 * 50_000);
    }

    [Fact]
    public void AMemoryWriterScattersAsTheMemoryDoes()
    {
        // ĝ = 0.4: (0.26348 + 1.9650·0.4 − 1.1731·0.16) µS.
        const double sigma = 0.861784;
        Sampler written = (count, rng) =>
        {
            using var scope = NewDisposeScope();
            return Bench.Floats(new MemoryWriter().Write(full(count, 10e-6f), rng).Conductances * 1e6f);
        };
        Stat.Mean(written).Is(10, std: sigma, detect: 0.02);
        Stat.Variance(written).Is(sigma * sigma, detect: 0.03);
    }

    [Fact]
    public void AnticipatedDevicesAreWhereTheyShouldBeOnAverage()
    {
        using var scope = NewDisposeScope();
        const double time = 1 * Units.ms;
        Tensor Trial(Tensor asked, double later) => Drifting.Age(asked, Drifting.DrawFate(asked, new Rng(1)), later);
        var wanted = tensor(new[] { 1e-6f, 3e-6f, 8e-6f, 14e-6f }).unsqueeze(1).expand(-1, 20_000).contiguous();
        var asked = new DriftAnticipation { Time = time }.For(Trial, Drifting.Range, CPU)(wanted);
        var became = Drifting.Age(asked, Drifting.DrawFate(asked, new Rng(2)), time).mean([1L]) / wanted.mean([1L]);
        Assert.All(Bench.Floats(became), share => Assert.Equal(1, share, 0.01)); // the trial's 4,096 devices are good to 0.3 %
        Assert.All(Bench.Floats(Drifting.Age(wanted, Drifting.DrawFate(wanted, new Rng(2)), time).mean([1L]) / wanted.mean([1L])), share => Assert.InRange(share, 0.5, 0.8));
    }

    [Fact]
    public void MemoriesThatOnlyScatterWhenWrittenBelongIntoTheWriter() =>
        Assert.StartsWith("MspLspCell.Memory must be one that drifts", Assert.Throws<ArgumentException>(() => new MspLspCell { Memory = new GaussianMemory() }.Check()).Message);

    [Fact]
    public void ACrowdedArrayIsTransferredBeforeItsInterval()
    {
        using var scope = NewDisposeScope();
        var cell = Exact with { TransferEvery = 40, Trigger = new AdaptiveInterval { LookEvery = 10, Share = 0.5, Margin = 0.02, Pulses = 1e6 } };
        var weights = zeros(4, 5);
        using var array = cell.Build(new Rng(1), weights);
        array.Write(zeros(4, 5));
        array.Idle(39);
        Assert.Equal(0, array.Transfers);
        array.Idle(1); // at the interval
        Assert.Equal(1, array.Transfers);
        var words = ones([9, 16], ScalarType.Int32).mul_(0x7FFFFFFF);
        array.Update(Bench.Pair(words, words, 9)); // 279 pulses of 2.5 mV, more than there is room
        Assert.Equal(1, array.Transfers);
        array.Idle(1); // a look
        Assert.Equal(2, array.Transfers);
        array.Idle(39); // the interval counts from the last transfer
        Assert.Equal(2, array.Transfers);
        array.Idle(1);
        Assert.Equal(3, array.Transfers);
    }

    /// <summary>Each sample sends every cell 31 pulses, of which those of half the size count half.</summary>
    [Theory]
    [InlineData(1, 3, 4)]
    [InlineData(0.5, 6, 7)]
    public void ManyPulsesMakeATransferDue(double size, int tooFew, int enough)
    {
        using var scope = NewDisposeScope();
        var cell = Exact with { TransferEvery = 1000, Trigger = new AdaptiveInterval { LookEvery = 10, Share = 1, Pulses = 100 } };
        foreach (var samples in new[] { tooFew, enough })
        {
            using var array = cell.Build(new Rng(1), zeros(4, 5));
            array.Write(zeros(4, 5));
            array.Update(Bench.Pair(Lines(5), Lines(4), samples) with { Size = size });
            array.Idle(10 - samples);
            Assert.Equal(samples == enough ? 1 : 0, array.Transfers);
            array.Idle(10); // and not again without new ones
            Assert.Equal(samples == enough ? 1 : 0, array.Transfers);

            Tensor Lines(long lines) => arange(16, ScalarType.Int32).lt(lines).to(ScalarType.Int32).mul(0x7FFFFFFF).expand(samples, 16).contiguous(); // none beyond the array
        }
    }

    /// <summary>As the cells of a bias have it: one input line, whose part of a plane is the plane itself.</summary>
    [Theory]
    [MemberData(nameof(Cells))]
    public void OneLineOfCellsCountsItsPulses(string name)
    {
        using var scope = NewDisposeScope();
        using var array = Cell(name).Build(new Rng(1), zeros(4, 1));
        array.Write(full([4, 1], 0.01f));
        array.CountPulses();
        var before = array.Pulses;
        array.Update(Bench.Trains(new Rng(2), 30, 1, 4, 0.5));
        Assert.Equal(array.Pulses - before, (array.PulseCounts!.Value.Up.sum() + array.PulseCounts!.Value.Down.sum()).item<long>());
    }

    [Fact]
    public void TwoTransfersInOneBatchDoNotScatterAlike()
    {
        using var scope = NewDisposeScope();
        var cell = new MspLspCell { TransferEvery = 10, CorrectionRounds = 0, Capacitor = Still, Writer = new StaircaseWriter { Tries = 1 } };
        using var array = cell.Build(new Rng(1), zeros(30, 40));
        array.Write(full([30, 40], 0.1f));
        array.Idle(10);
        using var twice = cell.Build(new Rng(1), zeros(30, 40));
        twice.Write(full([30, 40], 0.1f));
        twice.Idle(20);
        var (once, again) = (Of(array, "G⁺"), Of(twice, "G⁺"));
        Assert.NotEqual(Bench.Floats((once - once.mean()).sign()), Bench.Floats((again - again.mean()).sign()));
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void ACopyOfTheStateGoesOnBitForBit(string name)
    {
        using var scope = NewDisposeScope();
        var cell = Cell(name).Scaled(2);
        if (cell is MspLspCell pairs)
            cell = pairs with { TransferEvery = 15 };
        using var first = cell.Build(new Rng(1), zeros(7, 20));
        using var second = cell.Build(new Rng(9), zeros(7, 20));
        first.Write(Noise.Normal(new Rng(2), [7, 20]).mul_(0.05f));
        first.Update(Bench.Trains(new Rng(3), 25, 20, 7, 0.2));
        second.Write(zeros(7, 20));
        second.State.load_state_dict(first.State.state_dict());
        second.Rebind(second.Weights); // as a layer does when its parameters were restored
        second.Refresh();
        foreach (var array in new[] { first, second })
            array.Update(Bench.Trains(new Rng(4), 25, 20, 7, 0.2));
        Assert.Equal(Bench.Floats(first.Weights), Bench.Floats(second.Weights));
        Assert.Equal(first.Pulses, second.Pulses);
    }

    private static UnitCell Cell(string name) => name == nameof(PcmPresets.MspLspPhysical)
        ? PcmPresets.MspLspPhysical.Cell
        : (UnitCell)Activator.CreateInstance(Catalog.Variants<UnitCell>().Single(type => type.Name == name))!;

    private static Tensor Of(CellArray array, string name) => array.Observables.Single(entry => entry.Name == name).Values;
}
