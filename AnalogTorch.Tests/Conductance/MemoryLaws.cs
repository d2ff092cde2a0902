using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

/// <summary>What holds for every memory, those of tomorrow included.</summary>
public class MemoryLaws
{
    public static TheoryData<string> Memories => new(Catalog.Variants<MemoryStatistics>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Memories))]
    public void EverythingIsAFunctionOfTheStream(string name)
    {
        using var scope = NewDisposeScope();
        var (memory, targets) = Case(name);
        var before = Bench.Floats(targets);
        Assert.Equal(Bench.Floats(memory.Program(targets, new Rng(1))), Bench.Floats(memory.Program(targets, new Rng(1))));
        Assert.Equal(Bench.Floats(memory.DrawFate(targets, new Rng(1))), Bench.Floats(memory.DrawFate(targets, new Rng(1))));
        Assert.Equal(before, Bench.Floats(targets));
    }

    [Theory]
    [MemberData(nameof(Memories))]
    public void ConductancesAndDeviationsAreFiniteAndNotNegative(string name)
    {
        using var scope = NewDisposeScope();
        var (memory, targets) = Case(name);
        var programmed = memory.Program(targets, new Rng(1));
        var fate = memory.DrawFate(targets, new Rng(2));
        Assert.All(Bench.Floats(programmed), Fine);
        foreach (var time in new[] { 0, 1e-6, 1, 20, Units.Hour, Units.Day, Units.Year, 10 * Units.Year })
        {
            var aged = memory.Age(programmed, fate, time);
            Assert.Equal(targets.shape, aged.shape);
            Assert.All(Bench.Floats(aged), Fine);
            Assert.All(Bench.Floats(memory.ReadDeviation(programmed, aged, time)), Fine);
        }

        static void Fine(float value) => Assert.True(float.IsFinite(value) && value >= 0, $"{value}");
    }

    [Theory]
    [MemberData(nameof(Memories))]
    public void NothingIsLeftBehindButTheResult(string name)
    {
        using var scope = NewDisposeScope();
        var (memory, targets) = Case(name);
        var (programmed, fate) = (memory.Program(targets, new Rng(1)), memory.DrawFate(targets, new Rng(2)));
        Leaves(() => memory.Program(targets, new Rng(1)));
        Leaves(() => memory.DrawFate(targets, new Rng(1)));
        Leaves(() => memory.Age(programmed, fate, 100));
        Leaves(() => memory.ReadDeviation(programmed, programmed, 100));

        void Leaves(Func<Tensor> make)
        {
            var before = scope.DisposablesCount;
            make().Dispose();
            Assert.Equal(before, scope.DisposablesCount);
        }
    }

    [Theory]
    [MemberData(nameof(Memories))]
    public void TheRangeIsOneAndTargetsInItCanBeAskedFor(string name)
    {
        var (min, max) = Case(name).Memory.Range;
        Assert.True(min >= 0 && max > min);
    }

    private static (MemoryStatistics Memory, Tensor Targets) Case(string name)
    {
        var memory = Catalog.Defaults<MemoryStatistics>().Single(memory => memory.GetType().Name == name);
        var (min, max) = memory.Range;
        return (memory, Noise.Uniform(new Rng(9), [30, 40]).mul_((float)(max - min)).add_((float)min));
    }
}
