using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

/// <summary>What holds for every programming scheme.</summary>
public class ProgrammingLaws
{
    public static TheoryData<string> Schemes => new(Catalog.Variants<ProgrammingScheme>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Schemes))]
    public void ProgrammingIsAFunctionOfTheStream(string name)
    {
        using var scope = NewDisposeScope();
        var (first, second, other) = (Program(name, 1), Program(name, 1), Program(name, 2));
        Assert.Equal(first.Pulses, second.Pulses);
        for (var place = 0; place < first.Conductances.Count; place++)
        {
            Assert.Equal(Bench.Floats(first.Conductances[place]), Bench.Floats(second.Conductances[place]));
            Assert.NotEqual(Bench.Floats(first.Conductances[place]), Bench.Floats(other.Conductances[place]));
        }
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void WeightsComeOutNearTheirTargets(string name)
    {
        using var scope = NewDisposeScope();
        var (map, weights) = (new TwoPairs(), Weights());
        var scheme = Of(name);
        var task = Task(scheme, weights, 1, new NoDefects());
        scheme.CheckFit(map, task.Memory);
        var result = scheme.Program(task);
        Assert.Equal(4, result.Conductances.Count);
        Assert.Equal(4, result.Targets.Count);
        Assert.True(result.Pulses > 0);
        Assert.All(result.Conductances, conductances => Assert.True((conductances >= 0).all().item<bool>()));
        // One try without a look back scatters by 3 % of the largest weight; no scheme may be worse than that by half.
        Assert.InRange((map.Weights(result.Conductances, task.Span) - weights).square().mean().sqrt().item<float>(), 1e-4, 0.045);
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void StuckDevicesStayWhereTheyAre(string name)
    {
        using var scope = NewDisposeScope();
        var scheme = Of(name);
        var task = Task(scheme, Weights(), 1, new StuckDevices { AtMin = 0.1, AtMax = 0.05 });
        var result = scheme.Program(task);
        for (var place = 0; place < 4; place++)
        {
            var stuck = task.Stuck(place, task.Weights.shape)!;
            var isStuck = stuck.isnan().logical_not();
            Assert.True((result.Conductances[place].masked_select(isStuck) == stuck.masked_select(isStuck)).all().item<bool>());
        }
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void TheNumberOfThreadsChangesNothing(string name)
    {
        using var scope = NewDisposeScope();
        var before = get_num_threads();
        try
        {
            set_num_threads(1);
            var one = Program(name, 1).Conductances.Select(Bench.Floats).ToArray();
            set_num_threads(2);
            Assert.Equal(one, Program(name, 1).Conductances.Select(Bench.Floats).ToArray());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void NothingIsLeftBehindButTheResult(string name)
    {
        using var scope = NewDisposeScope();
        var task = Task(Of(name), Weights(), 1, new StuckDevices());
        Of(name).Program(task);
        var before = scope.DisposablesCount;
        var result = Of(name).Program(task);
        Assert.Equal(before + result.Conductances.Count + result.Targets.Count, scope.DisposablesCount);
    }

    [Fact]
    public void SharesOfStuckDevicesAreThoseOfTheConfig()
    {
        var defects = new StuckDevices { AtMin = 0.1, AtMax = 0.03 };
        Stat.Mean(Share(low: true)).Is(0.1, 0.3, detect: 0.004);
        Stat.Mean(Share(low: false)).Is(0.03, 0.171, detect: 0.003);

        Sampler Share(bool low) => (count, rng) =>
        {
            using var scope = NewDisposeScope();
            var stuck = defects.Draw([count], (0, 1), rng, CPU)!;
            return Bench.Floats((low ? stuck == 0f : stuck == 1f).to(ScalarType.Float32));
        };
    }

    [Fact]
    public void VerifyingSpendsTriesAndMeetsItsTolerance()
    {
        using var scope = NewDisposeScope();
        var scheme = new WriteVerifyProgramming { Tolerance = 0.02, Tries = 200, ReadingNoise = 0 };
        var task = new ProgrammingTask(Weights(), new DifferentialPair(), new Pcm90nm(), (0, 25e-6), new NoDefects(), new Rng(1));
        var result = scheme.Program(task);
        foreach (var (conductances, targets) in result.Conductances.Zip(result.Targets))
            Assert.InRange((conductances - targets).abs().max().item<float>(), 0, 0.02 * 25e-6 * 1.0001);
        Assert.True(result.Pulses > 2 * task.Weights.NumberOfElements);
    }

    private static ProgrammedDevices Program(string name, ulong key)
    {
        var scheme = Of(name);
        return scheme.Program(Task(scheme, Weights(), key, new NoDefects()));
    }

    private static ProgrammingTask Task(ProgrammingScheme scheme, Tensor weights, ulong key, Defects defects)
    {
        var memory = new Pcm90nm();
        return new(weights, new TwoPairs(), memory, scheme.Range(memory), defects, new Rng(key));
    }

    private static Tensor Weights() => (Noise.Normal(new Rng(3), [40, 50]) / 3).clamp_(-1f, 1f);

    private static ProgrammingScheme Of(string name) => Catalog.Defaults<ProgrammingScheme>().Single(scheme => scheme.GetType().Name == name);
}
