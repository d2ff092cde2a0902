using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

/// <summary>Programmed phase-change memory against values worked out from the published equations, and its samples against these.</summary>
public class PcmCheckValueTests
{
    private const double Hour = 3600, Day = 86_400, Year = 365 * Day;

    /// <summary>ĝ; σ_prog (µS), μ_ν, σ_ν, Q_s; drift factor at μ_ν after 1 h, 1 d, 1 y; σ_read/G at 0 s, 1 h, 1 d, 1 y: to three digits.</summary>
    public static TheoryData<double, double[], double[], double[]> Table90nm => new()
    {
        { 0.05, [0.359, 0.0708, 0.0315, 0.0617], [0.692, 0.553, 0.364], [.258, .294, .314, .348] },
        { 0.1, [0.448, 0.0601, 0.0229, 0.0393], [0.732, 0.605, 0.424], [.165, .187, .200, .222] },
        { 0.2, [0.610, 0.0493, 0.0142, 0.0251], [0.774, 0.662, 0.494], [.105, .119, .127, .141] },
        { 0.4, [0.862, 0.0490, 0.0080, 0.0160], [0.775, 0.664, 0.497], [.067, .076, .081, .090] },
        { 0.8, [1.085, 0.0490, 0.0080, 0.0102], [0.775, 0.664, 0.497], [.043, .049, .052, .057] },
        { 1.0, [1.055, 0.0490, 0.0080, 0.0088], [0.775, 0.664, 0.497], [.037, .042, .045, .050] },
    };

    public static TheoryData<string, double> Devices
    {
        get
        {
            var data = new TheoryData<string, double>();
            foreach (var memory in Catalog.Variants<PcmStatistics>())
                foreach (var share in new[] { 0.05, 0.12, 0.2, 0.4, 0.8, 1.0 })
                    data.Add(memory.Name, share);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Table90nm))]
    public void CurvesOf90nmAreThePublishedOnes(double share, double[] curves, double[] drift, double[] reading)
    {
        using var scope = NewDisposeScope();
        var memory = new Pcm90nm();
        var at = full(1, (float)share);
        var exponent = memory.MeanExponent(at).item<float>();
        double[] found = [memory.ProgrammingDeviation(at).item<float>() / Units.uS, exponent, memory.ExponentDeviation(at).item<float>(), memory.ReadNoiseStrength(at).item<float>()];
        Assert.All(curves.Zip(found), pair => Assert.Equal(pair.First, pair.Second, HalfOfLastDigit(pair.First, 3)));

        var conductance = at * (float)memory.GMax;
        var times = new[] { 0, Hour, Day, Year };
        Assert.All(drift.Zip(times.Skip(1)), pair => Assert.Equal(pair.First, memory.Age(ones(1), full(1, exponent), pair.Second).item<float>(), 0.0006));
        Assert.All(reading.Zip(times), pair =>
        {
            var aged = memory.Age(conductance, full(1, exponent), pair.Second);
            Assert.Equal(pair.First, (memory.ReadDeviation(conductance, aged, pair.Second) / aged).item<float>(), 0.0006);
        });
    }

    /// <summary>HERMES at some conductances: σ_prog (µS), μ_ν, σ_ν, Q_s, worked out from the published polynomials in double precision.</summary>
    [Theory]
    [InlineData("Pcm14nm", 0.05, new[] { 0.268718, 0.097735, 0.033649, 0.027167 })]
    [InlineData("Pcm14nm", 0.5, new[] { 0.865313, 0.056400, 0.012075, 0.021700 })]
    [InlineData("Pcm14nm", 1.0, new[] { 1.007567, 0.017400, 0.005500, 0.016800 })]
    [InlineData("Pcm14nmDoubled", 0.05, new[] { 0.381319, 0.097735, 0.029350, 0.028150 })]
    [InlineData("Pcm14nmDoubled", 0.5, new[] { 0.991013, 0.056400, 0.009000, 0.016712 })]
    [InlineData("Pcm14nmDoubled", 1.0, new[] { 1.092699, 0.017400, 0.004800, 0.012300 })]
    public void CurvesOf14nmAreThePublishedOnes(string name, double share, double[] curves)
    {
        using var scope = NewDisposeScope();
        var memory = (PcmStatistics)Of(name);
        var at = full(1, (float)share);
        double[] found = [memory.ProgrammingDeviation(at).item<float>() / Units.uS, memory.MeanExponent(at).item<float>(), memory.ExponentDeviation(at).item<float>(), memory.ReadNoiseStrength(at).item<float>()];
        Assert.All(curves.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-6 + 1e-6 * pair.First)); // six decimals, and the rounding of floats
    }

    /// <summary>Programming noise for language models, in shares of full scale (two digits are published).</summary>
    [Fact]
    public void ProgrammingNoiseOfTheLanguageModelsIsThePublishedOne()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(0, At(0.5 / 180));
        Assert.Equal(0.014, At(0.6001 / 180), 0.0015);
        Assert.Equal(0.046, At(52.5 / 180), 0.0005);
        Assert.Equal(0.047, At(0.5), 0.0005);
        Assert.Equal(0.107, At(1), 0.0005);

        double At(double share) => PcmLanguageModel.ProgrammingDeviation(full(1, (float)share)).item<float>();
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void ProgrammingScattersAsItSays(string name, double share)
    {
        var memory = (PcmStatistics)Of(name);
        var deviation = Number(memory.ProgrammingDeviation, share) / memory.GMax;
        var (mean, variance) = Moments(xi => Math.Max(share + deviation * xi, 0));
        Sampler sampler = (count, rng) => Shares(memory, memory.Program(Targets(memory, share, count), rng));
        Stat.Mean(sampler).Is(mean, Math.Sqrt(variance), detect: 0.02 * Math.Sqrt(variance));
        Stat.Variance(sampler).Is(variance, detect: 0.03);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void DriftExponentsScatterAsTheySay(string name, double share)
    {
        var memory = (PcmStatistics)Of(name);
        var (center, deviation) = (Number(memory.MeanExponent, share), Number(memory.ExponentDeviation, share));
        var (mean, variance) = Moments(xi => Math.Abs(center + deviation * xi));
        Sampler sampler = (count, rng) => Bench.Floats(memory.DrawFate(Targets(memory, share, count), rng));
        Stat.Mean(sampler).Is(mean, Math.Sqrt(variance), detect: 0.02 * Math.Sqrt(variance));
        Stat.Variance(sampler).Is(variance, detect: 0.03);
    }

    /// <summary>Mean and variance of conductances after programming, drift and a read, against an integral of the published equations.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(Hour)]
    [InlineData(Day)]
    [InlineData(Year)]
    public void ConductancesHaveThePublishedMomentsAtAnyTime(double time)
    {
        var memory = new Pcm90nm();
        foreach (var share in new[] { 0.2, 0.4, 0.8, 1.0 })
        {
            var ratio = (time + memory.DriftStart) / memory.DriftStart;
            var growth = Math.Sqrt(Math.Log((time + memory.DriftStart + memory.ReadTime) / (2 * memory.ReadTime)));
            var (programming, center, spread) = (Number(memory.ProgrammingDeviation, share) / memory.GMax, Number(memory.MeanExponent, share), Number(memory.ExponentDeviation, share));
            var (drift, driftVariance) = Moments(xi => Math.Pow(ratio, -Math.Abs(center + spread * xi)));
            var (programmed, _) = Moments(xi => Math.Max(share + programming * xi, 0));
            var (second, _) = Moments(xi =>
            {
                var start = Math.Max(share + programming * xi, 1e-7);
                var noise = Math.Min(0.0088 / Math.Max(Math.Pow(start, 0.65), 1e-3), 0.2) * growth;
                return start * start * (1 + noise * noise);
            });
            var (mean, variance) = (programmed * drift, second * (driftVariance + drift * drift) - programmed * programmed * drift * drift);
            Sampler sampler = (count, rng) =>
            {
                using var scope = NewDisposeScope();
                var targets = Targets(memory, share, count);
                var start = memory.Program(targets, rng.Split("program"));
                var aged = memory.Age(start, memory.DrawFate(targets, rng.Split("fate")), time);
                var noise = AnalogTorch.Kernels.Noise.Normal(rng.Split("read"), [count]);
                return Bench.Floats(aged.add(noise * memory.ReadDeviation(start, aged, time)).clamp_min(0) / (float)memory.GMax);
            };
            Stat.Mean(sampler).Is(mean, Math.Sqrt(variance), detect: 0.02 * Math.Sqrt(variance));
            Stat.Variance(sampler).Is(variance, detect: 0.04, kurtosis: 3.5);
        }
    }

    private static MemoryStatistics Of(string name) => Catalog.Defaults<MemoryStatistics>().Single(memory => memory.GetType().Name == name);

    private static Tensor Targets(PcmStatistics memory, double share, int count) => full(count, (float)(share * memory.GMax));

    private static float[] Shares(PcmStatistics memory, Tensor conductances) => Bench.Floats(conductances / (float)memory.GMax);

    private static double Number(Func<Tensor, Tensor> curve, double share)
    {
        using var scope = NewDisposeScope();
        return curve(full(1, (float)share)).item<float>();
    }

    private static double HalfOfLastDigit(double value, int digits) => 0.51 * Math.Pow(10, Math.Floor(Math.Log10(value)) - digits + 1);

    /// <summary>Mean and variance of a function of a standard normal number, by Simpson's rule over ±9σ.</summary>
    private static (double Mean, double Variance) Moments(Func<double, double> value)
    {
        const int intervals = 4000;
        double sum = 0, squares = 0;
        for (var i = 0; i <= intervals; i++)
        {
            var xi = -9 + 18.0 * i / intervals;
            var weight = (i is 0 or intervals ? 1 : i % 2 == 1 ? 4 : 2) * (18.0 / intervals / 3) * Math.Exp(-xi * xi / 2) / Math.Sqrt(2 * Math.PI);
            sum += weight * value(xi);
            squares += weight * value(xi) * value(xi);
        }
        return (sum, squares - sum * sum);
    }
}
