using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using AnalogTorch.Tests.Networks;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Devices;

/// <summary>Devices made of sequences whose reading is noisy follow the sequences, not the noise.</summary>
public class PulseTracesTests
{
    /// <summary>The noise of reads and of steps in sequences of known devices, from many scales and lengths.</summary>
    [Theory]
    [InlineData(1000, 1, 0.02, 0.01)]
    [InlineData(1000, 2, 0.01, 0.02)]
    [InlineData(200, 10, 0.01, 0.05)]
    [InlineData(2000, 4, 0.002, 0.02)]
    public void NoiseOfReadsIsToldFromThatOfSteps(int length, int count, double step, double read)
    {
        foreach (var scale in new[] { 1e-6, 1, 1e4 })
        {
            var traces = new PulseTraces(Measure(length, count, step, read, scale));
            Assert.True(traces.HasReadNoise);
            Assert.InRange(Math.Sqrt(traces.ReadVariance) / scale, 0.9 * read, 1.1 * read);
            // Reads that scatter far more than steps say little of them: errors of a third are seen, and of a tenth where steps are larger.
            Assert.InRange(Math.Sqrt(traces.StepVariance) / scale, (step > read ? 0.8 : 0.5) * step, (step > read ? 1.15 : 1.6) * step);
        }
    }

    [Fact]
    public void LongSequencesGiveBothNoisesClosely()
    {
        // 200,000 reads leave some 0.5 % of standard error; half of one is added to steps on purpose.
        var traces = new PulseTraces(Measure(200_000, 1, 0.02, 0.01, 1));
        Assert.Equal(0.02, Math.Sqrt(traces.StepVariance), 0.02 * 0.02);
        Assert.Equal(0.01, Math.Sqrt(traces.ReadVariance), 0.02 * 0.01);
    }

    [Fact]
    public void StepsThatScatterAreNoNoiseOfReads()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var traces = new PulseTraces(Measure(500, 4, 0.01, 0, 1, seed));
            Assert.False(traces.HasReadNoise && traces.ReadVariance > 0.02 * 0.0001);
            Assert.Equal(0.01, Math.Sqrt(traces.StepVariance), 0.001);
        }
    }

    [Fact]
    public void CoursesAreTheNearestThatOnlyRise()
    {
        Close([1, 2, 3, 4.5, 6], PulseTraces.Course([1, 2, 3, 4.5, 6], 1));
        // 3 and 1 are out of order and become 2 in their middle; between middles the course is straight.
        Close([0, 4 / 3.0, 8 / 3.0, 4], PulseTraces.Course([0, 3, 1, 4], 1));
        Close([4, 8 / 3.0, 4 / 3.0, 0], PulseTraces.Course([4, 1, 3, 0], -1));
        Close([2, 2, 2], PulseTraces.Course([3, 2, 1], 1));
    }

    [Fact]
    public void MeanStepsAreTheWayOverThePulses()
    {
        // 10 pulses over the lower half, 2 over the upper one; then both together where chance could take either that far.
        double[] course = [.. Enumerable.Range(0, 11).Select(t => 0.05 * t), 0.75, 1];
        Close([0.05, 0.25], PulseTraces.MeanSteps([course], 2, 0));
        Close([0.05, 0.25], PulseTraces.MeanSteps([course], 2, 0.08)); // 3·0.08·√10 is 0.76, and 10 pulses of the mean 1/12 go 0.83
        Close([1 / 12.0, 0.25], PulseTraces.MeanSteps([course], 2, 0.1)); // 3·0.1·√2 is 0.42
        Close([1 / 12.0, 1 / 12.0], PulseTraces.MeanSteps([course], 2, 0.2));
    }

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    public static TheoryData<int> BinNumbers => [5, 10, 20, 50, 100, 200];

    [Theory]
    [MemberData(nameof(BinNumbers))]
    public void DevicesFollowACourseThatSaturates(int bins)
    {
        // 0.2 + 0.8·(1 − exp(−t/100)), and back, read with 5 % noise.
        using var scope = NewDisposeScope();
        const int length = 600;
        var noise = Bench.Floats(Noise.Normal(Rng.FromSeed(Stat.Seed), [2, length]));
        double Rise(int t) => 0.2 + 0.8 * (1 - Math.Exp(-t / 100.0));
        double[] up = [.. Enumerable.Range(0, length).Select(t => 1e-6 * (Rise(t) + 0.05 * noise[t]))];
        double[] down = [.. Enumerable.Range(0, length).Select(t => 1e-6 * (1.2 - Rise(t) + 0.05 * noise[length + t]))];
        var jumps = MeasuredJumps.FromSequences([up], [down], bins);
        var span = up.Concat(down).Max();
        // In coarse bins a straight piece stands for a curved one.
        var tolerance = (bins < 20 ? 0.12 : 0.05) / (span * 1e6);
        AssertFollows(jumps, 1, [.. Enumerable.Range(0, length).Select(t => 1e-6 * Rise(t) / span)], tolerance);
        AssertFollows(jumps, -1, [.. Enumerable.Range(0, length).Select(t => 1e-6 * (1.2 - Rise(t)) / span)], tolerance);
    }

    [RealDataTheory]
    [MemberData(nameof(BinNumbers))]
    public void ADeviceFollowsTheMeasuredEcram(int bins)
    {
        var columns = MeasuredJumps.ReadColumns(Path.Combine(Repository.DataFolder!, "devices", "ecram_gong_et_al.csv"));
        var jumps = MeasuredJumps.FromSequences([columns[0]], [columns[1]], bins);
        var (lowest, span) = (columns.Min(column => column.Min()), columns.Max(column => column.Max()) - columns.Min(column => column.Min()));
        // Measured: 6.9e-4 a pulse on average, and 0.059 from one read to the next, of which most is reading.
        var mean = (columns[0][^1] - columns[0][0]) / 999 / span;
        Assert.InRange(new JumpTable { Jumps = jumps, GMax = 1 }.NominalStep, 0.85 * mean, 1.25 * mean);
        Assert.All(
            jumps.UpTable().Chunk(101), bin => Assert.InRange(Math.Sqrt(bin.Average(step => Math.Pow(step - bin.Average(), 2))), 0.001, 0.015));
        // Means of 60 reads about each pulse; the sequence itself wanders by some 0.05 about any smooth course.
        foreach (var (column, direction) in new[] { (columns[0], 1), (columns[1], -1) })
        {
            double About(int t) => column.Skip(Math.Max(t - 30, 0)).Take(Math.Min(t, 30) + 31).Average(value => (value - lowest) / span);
            AssertFollows(jumps, direction, [.. Enumerable.Range(0, 1000).Select(About)], 0.17);
        }
        using var scope = NewDisposeScope();
        var end = Simulate(jumps, 1, (columns[0][0] - lowest) / span, 1000)[^1] * span + lowest;
        Assert.InRange(end, 0.8, 1.3);
    }

    [Theory]
    [InlineData(2, 10)]
    [InlineData(5, 1)]
    public void TablesThatAreNotAsLargeAsTheySayAreRefused(int bins, int quantiles)
    {
        var message = Assert.Throws<ArgumentException>(new JumpTable { Jumps = new OwnJumps(bins, quantiles) }.Check).Message;
        Assert.Matches("^OwnJumps\\..* must .*, but ", message);
    }

    [Fact]
    public void UpwardPulsesThatLowerAreRefused()
    {
        var device = new JumpTable { Jumps = MeasuredJumps.FromSequences([[3, 2, 1]], []) };
        Assert.StartsWith("MeasuredJumps.UpTable must raise", Assert.Throws<ArgumentException>(device.Check).Message);
    }

    [Fact]
    public void TheMeanStepIsWhatPulsesDrawOnAverage()
    {
        // Bins of means 0.02 and 0.005; quantiles 0, 0, 0.1 are joined by straight lines: 0.025, not 0.033.
        Assert.Equal(0.0125, new MeasuredJumps().MeanStep, 1e-9);
        Assert.Equal(0.025, new MeasuredJumps { QuantileCount = 3, Up = [0, 0, 0.1f], Down = [0, 0, 0] }.MeanStep, 1e-9);
        Assert.Equal(0.025, new MeasuredJumps { QuantileCount = 3, Up = [0, 0, 0], Down = [-0.1f, 0, 0] }.MeanStep, 1e-9);
    }

    private static void AssertFollows(MeasuredJumps jumps, int direction, double[] course, double tolerance)
    {
        using var scope = NewDisposeScope();
        var simulated = Simulate(jumps, direction, course[0], course.Length);
        for (var t = 0; t < course.Length; t += 20)
        {
            var message = FormattableString.Invariant($"after {t} pulses {simulated[t]:F3}, measured {course[t]:F3}");
            Assert.True(Math.Abs(simulated[t] - course[t]) <= tolerance, message);
        }
    }

    /// <summary>Mean relative conductance of 400 devices after 0, 1, … pulses.</summary>
    private static double[] Simulate(MeasuredJumps jumps, int direction, double start, int length)
    {
        var device = new JumpTable { Jumps = jumps, GMax = 1, GMaxSpread = 0, GReset = 0, GResetSpread = 0 };
        var rng = Rng.FromSeed(Stat.Seed);
        var target = Bench.Target(device, rng, 20, 20);
        target.Planes.Value.fill_((float)start);
        using var pulse = full([20, 20], direction, ScalarType.Int32);
        var course = new double[length];
        for (var t = 0; t < length; t++)
        {
            using var scope = NewDisposeScope();
            course[t] = target.Planes.Value.mean().item<float>();
            device.Accept(Bench.Engine("fused").Pulse(target, pulse, rng.Split(t)));
        }
        return course;
    }

    private static double[][] Measure(int length, int count, double step, double read, double scale, int seed = 0)
    {
        using var scope = NewDisposeScope();
        var noise = Bench.Floats(Noise.Normal(Rng.FromSeed(Stat.Seed + seed), [2, count, length]));
        return [.. Enumerable.Range(0, count).Select(sequence =>
        {
            var value = 0.0;
            return Enumerable.Range(sequence * length, length).Select(i =>
            {
                var seen = scale * (value + read * noise[i]);
                value += 0.5 / length + step * noise[count * length + i];
                return seen;
            }).ToArray();
        })];
    }

    private sealed record OwnJumps(int OwnBins, int OwnQuantiles) : JumpStatistics
    {
        public OwnJumps() : this(3, 3)
        {
        }

        public override int Bins => OwnBins;

        public override int Quantiles => OwnQuantiles;

        public override float[] UpTable() => [0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f];

        public override float[] DownTable() => UpTable();

        public override Moments StepMoments(double relativeConductance, bool isUpward) => new(0.1);
    }
}
