using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>What holds for every memory, those of tomorrow included.</summary>
public static class MemoryLaws
{
    public static void EverythingIsAFunctionOfTheStream(MemoryStatistics memory)
    {
        using var scope = NewDisposeScope();
        var targets = Targets(memory);
        var before = Bench.Floats(targets);
        Assert.Equal(Bench.Floats(memory.Program(targets, new Rng(1))), Bench.Floats(memory.Program(targets, new Rng(1))));
        Assert.Equal(Bench.Floats(memory.DrawFate(targets, new Rng(1))), Bench.Floats(memory.DrawFate(targets, new Rng(1))));
        Assert.Equal(before, Bench.Floats(targets));
    }

    public static void ConductancesAndDeviationsAreFiniteAndNotNegative(MemoryStatistics memory)
    {
        using var scope = NewDisposeScope();
        var targets = Targets(memory);
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

    public static void NothingIsLeftBehindButTheResult(MemoryStatistics memory)
    {
        using var scope = NewDisposeScope();
        var targets = Targets(memory);
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

    public static void TheRangeIsOneAndTargetsInItCanBeAskedFor(MemoryStatistics memory)
    {
        var (min, max) = memory.Range;
        Assert.True(min >= 0 && max > min);
    }

    private static Tensor Targets(MemoryStatistics memory)
    {
        var (min, max) = memory.Range;
        return Noise.Uniform(new Rng(9), [30, 40]).mul_((float)(max - min)).add_((float)min);
    }
}
