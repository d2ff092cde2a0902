using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Core;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

/// <summary>Devices of every memory scatter as it declares in plain numbers, when they are programmed, later, and from read to read.</summary>
public class MemoryWitnessLaws
{
    // A mean that is off by 0.036 σ, and a variance that is off by 5 %, pass with probability 1e-3.
    private const int Devices = 50_000, Sets = 3;

    public static TheoryData<string> Memories => new(Catalog.Variants<MemoryStatistics>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Memories))]
    public void ConductancesHaveTheDeclaredMomentsAtAnyTime(string name)
    {
        using var scope = NewDisposeScope();
        foreach (var (memory, rng) in Parameters(name))
        {
            foreach (var share in new[] { 0, 0.002, 0.05, 0.25, 0.7, 1 })
            {
                using var inner = NewDisposeScope();
                var target = memory.Range.Min + share * (memory.Range.Max - memory.Range.Min);
                var targets = full(Devices, (float)target);
                var stream = rng.Split((long)(1000 * share));
                var programmed = memory.Program(targets, stream.Split("program"));
                var fate = memory.DrawFate(targets, stream.Split("fate"));
                foreach (var time in new[] { 0, 1, 30, Units.Hour, 1.4 * Units.Day, Units.Year })
                {
                    var what = $"a target of {target:G3} S after {time:G3} s of {memory}";
                    var aged = memory.Age(programmed, fate, time);
                    var expected = memory.ConductanceMoments((float)target, time);
                    // Integrals over kinks are exact to 1e-4, floats to 1e-6 of what they are.
                    Stat.Moments(Numbers(aged), expected, 1e-3 * expected.Deviation + 1e-6 * expected.Mean, what);
                    var noise = memory.ReadNoise((float)target, time);
                    var squares = Numbers(memory.ReadDeviation(programmed, aged, time)).Select(deviation => deviation * deviation).ToArray();
                    Stat.Mean(squares, noise * noise, 1e-3 * noise * noise, $"squared read noise of {what}");
                }
            }
        }
    }

    /// <summary>What a sample of a whole array finds at a time has the declared noise of reading, too.</summary>
    [Theory]
    [MemberData(nameof(Memories))]
    public void SamplesOfWeightsAreReadWithTheDeclaredNoise(string name)
    {
        using var scope = NewDisposeScope();
        var memory = Catalog.Defaults<MemoryStatistics>().Single(memory => memory.GetType().Name == name);
        var map = new DifferentialPair();
        var sample = new MemorySample(map, memory, ones(1, Devices), Rng.FromSeed(Stat.Seed));
        foreach (var time in new[] { 0, Units.Day })
        {
            var (plus, minus) = (memory.ConductanceMoments(memory.Range.Max, time), memory.ConductanceMoments(memory.Range.Min, time));
            var (readPlus, readMinus) = (memory.ReadNoise(memory.Range.Max, time), memory.ReadNoise(memory.Range.Min, time));
            var variance = new[] { plus.Deviation, minus.Deviation, readPlus, readMinus }.Sum(deviation => deviation * deviation);
            var span = map.Span(memory.Range);
            Stat.Moments(Numbers(sample.At(time)), new((plus.Mean - minus.Mean) / span, Math.Sqrt(variance) / span), 1e-5, $"weights of {name}");
        }
    }

    private static IEnumerable<(MemoryStatistics Memory, Rng Stream)> Parameters(string name)
    {
        var rng = Rng.FromSeed(Stat.Seed).Split(name);
        var type = Catalog.Variants<MemoryStatistics>().Single(type => type.Name == name);
        return RandomConfig.Legal<MemoryStatistics>(type, rng).Take(100).Where(CanBeSaidInFloats).Take(Sets)
            .Select((memory, set) => (memory, rng.Split("set").Split(set)));

        // Where a conductance decays to nothing, its relative scatter is lost in the smallest floats, and its few largest devices make all of
        // the variance.
        static bool CanBeSaidInFloats(MemoryStatistics memory)
        {
            var (first, last) = (memory.ConductanceMoments(memory.Range.Max, 0), memory.ConductanceMoments(memory.Range.Max, Units.Year));
            return last.Mean > 1e-3 * first.Mean && last.Deviation < 3 * last.Mean && (first.Deviation == 0 || first.Deviation > 1e-5 * first.Mean)
                && first.Mean is > 1e-12 and < 1e6;
        }
    }

    private static double[] Numbers(Tensor values) => Array.ConvertAll(Bench.Floats(values.flatten()), value => (double)value);
}
