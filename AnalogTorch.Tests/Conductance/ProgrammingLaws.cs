using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

/// <summary>What holds for every programming scheme.</summary>
public class ProgrammingLaws : LawsOf<ProgrammingScheme>
{
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

    private static Tensor Weights() => (Noise.Normal(new Rng(3), [40, 50]) / 3).clamp_(-1f, 1f);
}
