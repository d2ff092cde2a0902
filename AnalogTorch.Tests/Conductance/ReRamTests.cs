using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

public class ReRamTests
{
    [Theory] // Σ c_k of the published polynomials at full conductance and at half of it, in µS
    [InlineData(1, 1.0, 1.103)]
    [InlineData(Units.Day, 1.0, 2.651)]
    [InlineData(2 * Units.Day, 1.0, 2.677)]
    [InlineData(1, 0.5, 2.0229)]
    [InlineData(Units.Day, 0.5, 3.9090)]
    public void DeviationsOfHfOxAreThePublishedOnes(double time, double share, double deviation)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(deviation, ReRamHfOx.Deviation(full(1, (float)share), time).item<float>() / Units.uS, 6e-4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Units.Day)]
    [InlineData(7 * Units.Day)]
    public void HfOxScattersAsItSaysAtAnyTime(double time)
    {
        var memory = new ReRamHfOx();
        var deviation = (double)ReRamHfOx.Deviation(full(1, 0.5f), time).item<float>() / Units.uS;
        Sampler sampler = (count, rng) =>
        {
            using var scope = NewDisposeScope();
            var targets = full(count, 20e-6f);
            return Bench.Floats(memory.Age(memory.Program(targets, rng.Split("program")), memory.DrawFate(targets, rng.Split("fate")), time) / (float)Units.uS);
        };
        Stat.Mean(sampler).Is(20, deviation, detect: 0.03 * deviation);
        // The growth since the first second is that at the programmed conductance, which scatters around the target: 1 % of the variance.
        Stat.Variance(sampler).Is(deviation * deviation, detect: 0.05);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Units.Hour)]
    [InlineData(Units.Day)]
    public void CmoRelaxesAsItSays(double time)
    {
        var memory = new ReRamCmo();
        var programming = 0.01122 + 0.01129 * 40;
        var (mean, deviation) = (-0.0890 * Math.Log(time), 0.0420 * Math.Log(time) + 0.4118);
        Sampler sampler = (count, rng) =>
        {
            using var scope = NewDisposeScope();
            var targets = full(count, 40e-6f);
            return Bench.Floats(memory.Age(memory.Program(targets, rng.Split("program")), memory.DrawFate(targets, rng.Split("fate")), time) / (float)Units.uS);
        };
        var std = Math.Sqrt(programming * programming + deviation * deviation);
        Stat.Mean(sampler).Is(40 + mean, std, detect: 0.02 * std);
        Stat.Variance(sampler).Is(std * std, detect: 0.03);
        using var outer = NewDisposeScope();
        var conductance = full(1, 40e-6f);
        Assert.Equal(0.0277 * Math.Log10(40) * Math.Sqrt(Math.Log((time + 1e-6) / 2e-6)), memory.ReadDeviation(conductance, conductance, time).item<float>() / Units.uS, 1e-5);
    }
}
