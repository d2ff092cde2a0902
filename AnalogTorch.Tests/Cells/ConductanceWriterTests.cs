using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Cells;

public class ConductanceWriterTests
{
    public static TheoryData<string> Writers => new(Catalog.Variants<ConductanceWriter>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Writers))]
    public void WritingIsAFunctionOfTheStreamAndLeavesTargetsAlone(string name)
    {
        using var scope = NewDisposeScope();
        var writer = Catalog.Defaults<ConductanceWriter>().Single(writer => writer.GetType().Name == name);
        var targets = Noise.Uniform(new Rng(1), [20, 30]).mul_(20e-6f);
        var before = Bench.Floats(targets);
        var alive = scope.DisposablesCount;
        var (a, pulses) = writer.Write(targets, new Rng(2));
        Assert.Equal(alive + 1, scope.DisposablesCount);
        Assert.Equal(before, Bench.Floats(targets));
        Assert.Equal(Bench.Floats(a), Bench.Floats(writer.Write(targets, new Rng(2)).Conductances));
        Assert.True((a >= 0).all().item<bool>());
        Assert.True(pulses >= 600);
    }

    [Fact]
    public void IdealWritingReadsBackExactly()
    {
        using var scope = NewDisposeScope();
        var targets = Noise.Uniform(new Rng(1), [20, 30]);
        Assert.Equal(Bench.Floats(targets), Bench.Floats(new IdealWriter().Write(targets, default).Conductances));
    }

    [Fact]
    public void OneStaircaseScattersAsItSays()
    {
        // In the middle of the range, 6 σ from either limit.
        Sampler written = (count, rng) =>
        {
            using var scope = NewDisposeScope();
            return Bench.Floats(new StaircaseWriter { Tries = 1 }.Write(full(count, 10e-6f), rng).Conductances * 1e6f);
        };
        Stat.Mean(written).Is(10, std: 1.5, detect: 0.02);
        Stat.Variance(written).Is(2.25, detect: 0.03);
    }

    [Fact]
    public void TriesEndWithinTheToleranceAsOftenAsTheNormalDistributionSays()
    {
        // One try succeeds with p = 2Φ(0.5/1.5) − 1 = 0.2611; five with 1 − (1 − p)⁵.
        var p = 1 - 2 * NormalDistribution.Cumulative(-0.5 / 1.5);
        var five = 1 - Math.Pow(1 - p, 5);
        Stat.Mean((count, rng) =>
        {
            using var scope = NewDisposeScope();
            var written = new StaircaseWriter { Tries = 5 }.Write(full(count, 10e-6f), rng).Conductances;
            return Bench.Floats(((written - 10e-6f).abs() <= 0.5e-6f).to(ScalarType.Float32));
        }).Is(five, std: Math.Sqrt(five * (1 - five)), detect: 0.01);
    }

    [Fact]
    public void ATargetOfZeroIsARest()
    {
        using var scope = NewDisposeScope();
        var (written, pulses) = new StaircaseWriter().Write(zeros(7), new Rng(1));
        Assert.All(Bench.Floats(written), g => Assert.Equal(0.1e-6f, g));
        Assert.Equal(7, pulses);
    }
}
