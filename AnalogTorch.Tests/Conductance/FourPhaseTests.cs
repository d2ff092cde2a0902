using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using AnalogTorch.Tests.Kernels;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

/// <summary>What row-parallel programming in four phases promises.</summary>
public class FourPhaseTests(ITestOutputHelper output)
{
    private const long Side = 512;
    private static readonly FourPhaseProgramming Default = new();

    /// <summary>Shares of failed weights at the defaults: at most 2 %, and at most 0.5 points apart, whatever the distribution of the targets.</summary>
    [Fact]
    public void FewWeightsMissTheirTargetWhateverTheirDistribution()
    {
        var failed = new[] { "Gaussian", "Laplace", "uniform" }.ToDictionary(kind => kind, kind => FailedFraction(Default, Targets(kind, Side)));
        foreach (var (kind, fraction) in failed)
            output.WriteLine($"{kind}: {fraction:P2}");
        // 262,144 weights: the standard deviation of a share of 2 % is 0.027 points.
        Assert.All(failed.Values, fraction => Assert.InRange(fraction, 0.005, 0.02));
        Assert.InRange(failed.Values.Max() - failed.Values.Min(), 0, 0.005);
    }

    [Fact]
    public void MoreSpreadOfTheLargestConductanceMeansMoreFailures()
    {
        var failed = new[] { 0.0, 0.1, 0.2, 0.35, 0.5 }.Select(spread => FailedFraction(With(device => device with { MaxVariation = spread }), Targets("uniform", Side / 2))).ToArray();
        output.WriteLine(string.Join(", ", failed));
        Assert.Equal(failed.Order(), failed);
        Assert.True(failed[^1] > 2 * failed[0]);
    }

    [Fact]
    public void MoreSpreadOfTheStepsMeansMoreFailures()
    {
        var failed = new[] { 0.0, 0.15, 0.3, 0.6 }.Select(spread => FailedFraction(With(device => device with { DwMinVariation = spread }), Targets("uniform", Side / 2))).ToArray();
        output.WriteLine(string.Join(", ", failed));
        Assert.Equal(failed.Order(), failed);
    }

    [Fact]
    public void ALargerBudgetMeansFewerFailures()
    {
        var failed = new[] { 4, 8, 12, 20, 40 }.Select(pulses => FailedFraction(Default with { PulsesPerPhase = pulses }, Targets("uniform", Side / 2))).ToArray();
        output.WriteLine(string.Join(", ", failed));
        Assert.Equal(failed.OrderDescending(), failed);
    }

    [Fact]
    public void TheGainOfTheMoreSignificantPairHasABestValue()
    {
        // A small gain leaves the steps of the less significant pair too coarse for the range, a large one leaves that pair too little reach.
        double[] gains = [1, 2, 3, 5, 8, 12, 20];
        var failed = gains.Select(gain => FailedFraction(Default, Targets("uniform", Side / 2), new TwoPairs { Gain = gain })).ToArray();
        output.WriteLine(string.Join(", ", failed));
        var best = Array.IndexOf(failed, failed.Min());
        Assert.InRange(best, 1, gains.Length - 2);
        Assert.True(failed[0] > 2 * failed[best] && failed[^1] > 2 * failed[best]);
    }

    [Fact]
    public void EachPhaseOfAPairBringsTheErrorDown()
    {
        using var scope = NewDisposeScope();
        var result = Program(Default, Targets("Gaussian", 128), new TwoPairs());
        Assert.Equal(["G+", "G-", "g+", "g-"], result.Phases.Select(phase => phase.Name));
        var errors = result.Phases.Select(phase => phase.Error).ToArray();
        Assert.Equal(errors.OrderDescending(), errors);
    }

    [Fact]
    public void TheOtherOrderWorksAsWell()
    {
        var fraction = FailedFraction(Default with { Order = new SignOrder() }, Targets("Gaussian", Side));
        output.WriteLine($"{fraction:P2}");
        Assert.InRange(fraction, 0.002, 0.03);
    }

    [Fact]
    public void ADeviceReceivesNoMoreThanItsBudget()
    {
        using var scope = NewDisposeScope();
        var scheme = Default with { PulsesPerPhase = 5, IncubationPulses = 2 };
        var result = Program(scheme, ones(8, 8), new TwoPairs());
        Assert.InRange(result.Pulses, 1, 64 * (4 * 5 + 2 * 2));
    }

    [Fact]
    public void OnePairIsProgrammedInTwoPhases()
    {
        using var scope = NewDisposeScope();
        var scheme = Default with { TargetError = 0.1 };
        var weights = Targets("Gaussian", 128);
        var result = Program(scheme, weights, new DifferentialPair());
        Assert.Equal(["g+", "g-"], result.Phases.Select(phase => phase.Name));
        var errors = new DifferentialPair().Weights(result.Conductances, Span(scheme, new DifferentialPair())) - weights;
        Assert.InRange((errors.abs() > 0.1f).to(ScalarType.Float32).mean().item<float>(), 0, 0.1);
    }

    [Fact]
    public void TheReadbackIsTheOneOfTheConfig()
    {
        // A converter of 5 bits cannot see the target error.
        var coarse = Default with { Readout = new AnalogPath { Adc = new UniformConverter { Bits = 5, Bound = 1.1 } } };
        Assert.True(FailedFraction(coarse, Targets("Gaussian", 128)) > 0.2);
    }

    [Fact]
    public void MapsThatCannotBeProgrammedAreRefused()
    {
        Assert.Contains("use DifferentialPair or TwoPairs", Assert.Throws<ArgumentException>(() => Default.CheckFit(new OffsetColumn(), new Pcm90nm())).Message);
        Assert.Contains("use PlusMinusOrder", Assert.Throws<ArgumentException>(() => (Default with { Order = new SignOrder() }).CheckFit(new ParallelPairs { Pairs = 4 }, new Pcm90nm())).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Default with { PulsesPerPhase = 0 });
    }

    private static FourPhaseProgramming With(Func<SoftBounds, SoftBounds> change) => Default with { Device = change((SoftBounds)Default.Device) };

    private static double Span(FourPhaseProgramming scheme, WeightMap map) => map.Span(scheme.Range(new Pcm90nm()));

    private static ProgrammedDevices Program(FourPhaseProgramming scheme, Tensor weights, WeightMap map)
    {
        var memory = new Pcm90nm();
        return scheme.Program(new(weights, map, memory, scheme.Range(memory), new NoDefects(), Rng.FromSeed(Stat.Seed).Split("four phases")));
    }

    private static double FailedFraction(FourPhaseProgramming scheme, Tensor weights, WeightMap? map = null)
    {
        using var scope = NewDisposeScope();
        map ??= new TwoPairs { Gain = 3 };
        var errors = map.Weights(Program(scheme, weights, map).Conductances, Span(scheme, map)) - weights;
        weights.Dispose();
        return (errors.abs() > (float)scheme.TargetError).sum().item<long>() / (double)errors.NumberOfElements;
    }

    /// <summary>Targets in [−1, 1]: normal with σ = 1/3, Laplace with the same σ, uniform.</summary>
    private static Tensor Targets(string kind, long side)
    {
        using var scope = NewDisposeScope();
        var rng = Rng.FromSeed(Stat.Seed).Split("targets");
        var centered = Noise.Uniform(rng, [side, side]) - 0.5f;
        var targets = kind switch
        {
            "Gaussian" => Noise.Normal(rng, [side, side]) / 3,
            "Laplace" => centered.sign() * log1p(-2 * centered.abs()) * (float)(-1 / (3 * Math.Sqrt(2))),
            _ => centered * 2,
        };
        return targets.clamp(-1f, 1f).MoveToOuterDisposeScope();
    }
}
