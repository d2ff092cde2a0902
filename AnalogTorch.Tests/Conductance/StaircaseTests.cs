using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

/// <summary>Staircases against one device after another, followed in plain numbers.</summary>
public class StaircaseTests
{
    [Fact]
    public void EveryTryIsAResetAndAStaircase()
    {
        using var scope = NewDisposeScope();
        // 0 asks for RESET alone; nothing is near enough for a tolerance of 0, so that all others take all tries.
        var targets = tensor(new[] { 0f, 5e-6f, 10e-6f, 25e-6f });
        var (written, pulses) = new StaircaseWriter { Tries = 3, Tolerance = 0 }.Write(targets, Rng.FromSeed(Stat.Seed));
        Assert.Equal(1 + 3 * 3 * 2, pulses);
        Assert.Equal(0.1e-6f, Bench.Floats(written)[0]);
    }

    /// <summary>Targets beyond what can be asked for are asked for as far as they can be, and scatter as staircases do there.</summary>
    [Theory]
    [InlineData(10, 10, 1.5)]
    [InlineData(19.5, 19.5, 1.5)]
    [InlineData(21, 21, 2)]
    [InlineData(40, 24, 2)]
    [InlineData(2, 8, 1.5)]
    public void OneTryScattersAroundWhatIsAskedFor(double target, double asked, double deviation)
    {
        using var scope = NewDisposeScope();
        var writer = new StaircaseWriter { Tries = 1, GMin = 8 * Units.uS, GMax = 24 * Units.uS, GLimit = 40 * Units.uS, SpreadAbove = 2 * Units.uS };
        var written = Bench.Floats(writer.Write(full(40_000, (float)(target * Units.uS)), Rng.FromSeed(Stat.Seed)).Conductances);
        Stat.Moments([.. written.Select(value => value / Units.uS)], new(asked, deviation), 1e-5, $"staircases for {target} µS");
    }
}
