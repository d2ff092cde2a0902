using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

/// <summary>Programming schemes against one device after another, followed in plain numbers.</summary>
public class WriteVerifyTests
{
    private const int Devices = 60_000;
    private static readonly GaussianMemory Memory = new() { GMin = 2 * Units.uS, GMax = 25 * Units.uS, Deviation = 0.6 * Units.uS };

    [Fact]
    public void OneShotScattersAsTheMemoryDoes()
    {
        using var scope = NewDisposeScope();
        var result = new OneShotProgramming().Program(Task(full([1, Devices], 0.4f)));
        foreach (var (conductances, asked) in result.Conductances.Zip(new[] { 2 + 0.4 * 23, 2 }))
            Stat.Moments(MicroSiemens(conductances), new(asked, 0.6), 1e-4, $"devices that were asked for {asked} µS");
        Assert.Equal(2 * Devices, result.Pulses);
    }

    /// <summary>The loop of tries: what is asked for next, when a device is left alone, and how many pulses that costs.</summary>
    [Theory]
    [InlineData(0.01, 20, 0.2, 0.002)]
    [InlineData(0.005, 6, 0.9, 0.03)]
    [InlineData(0.002, 3, 0.5, 0)]
    public void DevicesEndWhereTheSameTriesInPlainNumbersEnd(double tolerance, int tries, double correction, double readingNoise)
    {
        using var scope = NewDisposeScope();
        var scheme = new WriteVerifyProgramming { Tolerance = tolerance, Tries = tries, Correction = correction, ReadingNoise = readingNoise };
        var result = scheme.Program(Task(full([1, Devices], 0.4f)));
        var pulses = new List<double>();
        var normal = new Normals(Rng.FromSeed(Stat.Seed).Split("plain"));
        // Both sides are samples, so that margins are √2 times those of one: means to 0.04 σ, shares of an interval of errors to 0.013.
        var margin = 4.9 * Math.Sqrt(2.0 / Devices);
        foreach (var (conductances, target) in result.Conductances.Zip(new[] { 2 + 0.4 * 23, 2 }))
        {
            var errors = Enumerable.Range(0, Devices).Select(_ => Tried(target) - target).ToArray();
            var written = MicroSiemens(conductances).Select(value => value - target).ToArray();
            var deviation = Math.Sqrt(errors.Average(error => error * error));
            Assert.InRange(written.Average(), errors.Average() - margin * deviation, errors.Average() + margin * deviation);
            foreach (var edge in new[] { -0.6, -0.3, -0.1, -0.03, 0, 0.03, 0.1, 0.3, 0.6 })
            {
                var share = errors.Count(error => error < edge) / (double)Devices;
                Assert.InRange(written.Count(error => error < edge) / (double)Devices, share - margin / 2, share + margin / 2);
            }
        }
        // Means of the tries of as many devices on both sides.
        var mean = pulses.Average();
        var scatter = 4.9 * Math.Sqrt(2 * pulses.Average(count => (count - mean) * (count - mean)) / pulses.Count);
        Assert.InRange(result.Pulses / (2.0 * Devices), mean - scatter, mean + scatter);

        double Tried(double target)
        {
            var (asked, value, tried) = (target, 0.0, 0);
            for (var attempt = 0; attempt < tries; attempt++)
            {
                tried++;
                value = Math.Max(asked + 0.6 * normal.Next(), 0);
                var seen = value + readingNoise * 25 * normal.Next();
                if (Math.Abs(seen - target) <= tolerance * 25)
                    break;
                asked = Math.Clamp(asked - correction * (seen - target), 2, 25);
            }
            pulses.Add(tried);
            return value;
        }
    }

    private static ProgrammingTask Task(Tensor weights) =>
        new(weights, new DifferentialPair(), Memory, Memory.Range, new NoDefects(), Rng.FromSeed(Stat.Seed));

    private static double[] MicroSiemens(Tensor conductances) => Array.ConvertAll(Bench.Floats(conductances), value => value / Units.uS);

    /// <summary>Normal numbers one by one, by Box and Muller's transform in double precision.</summary>
    private sealed class Normals(Rng rng)
    {
        private long drawn;

        public double Next() => Math.Sqrt(-2 * Math.Log(1 - Uniform())) * Math.Cos(2 * Math.PI * Uniform());

        private double Uniform() => (rng.Split(drawn++).Key >> 11) * Math.Pow(2, -53);
    }
}
