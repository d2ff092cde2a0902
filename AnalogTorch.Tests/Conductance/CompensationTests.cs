using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Conductance;

/// <summary>Factors of every compensation against loops over plain numbers.</summary>
public class CompensationTests
{
    private const int Vectors = 7, Outputs = 5, Inputs = 11;

    public static TheoryData<string> Compensations => new(Catalog.Variants<DriftCompensation>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Compensations))]
    public void FactorsAreThoseOfTheirDefinition(string name)
    {
        using var scope = NewDisposeScope();
        var compensation = Catalog.Defaults<DriftCompensation>().Single(variant => variant.GetType().Name == name);
        for (var key = 1UL; key <= 10; key++)
        {
            var before = Noise.Normal(new Rng(key), [Vectors, Outputs]);
            var now = before * 0.6f + Noise.Normal(new Rng(key).Split("now"), [Vectors, Outputs]) * 0.2f;
            var wanted = Noise.Normal(new Rng(key).Split("wanted"), [Outputs, Inputs]);
            var held = wanted * 0.7f + Noise.Normal(new Rng(key).Split("held"), [Outputs, Inputs]) * 0.1f;
            var factors = compensation.Factors(new(before, now, wanted, held));
            for (var output = 0; output < Outputs; output++)
                Assert.Equal(Factor(name, (Rows(before), Rows(now)), (Rows(wanted), Rows(held)), output),
                    factors is null ? 1 : Bench.Floats(factors)[output], 1e-5);
        }
    }

    /// <summary>Where all conductances have become the same share of what they were, every factor that is not 1 is the inverse of it.</summary>
    [Theory]
    [MemberData(nameof(Compensations))]
    public void ACommonDecayIsTakenBack(string name)
    {
        using var scope = NewDisposeScope();
        var compensation = Catalog.Defaults<DriftCompensation>().Single(variant => variant.GetType().Name == name);
        var (before, wanted) = (Noise.Normal(new Rng(1), [Vectors, Outputs]), Noise.Normal(new Rng(2), [Outputs, Inputs]));
        if (compensation.Factors(new(before, before * 0.8f, wanted, wanted * 0.8f)) is { } factors)
            Assert.All(Bench.Floats(factors), factor => Assert.Equal(1.25, factor, 1e-5));
        // Outputs that say nothing are left alone.
        if (compensation.Factors(new(zeros_like(before), zeros_like(before), zeros_like(wanted), zeros_like(wanted))) is { } silent)
            Assert.All(Bench.Floats(silent), factor => Assert.Equal(1, factor));
    }

    private static double Factor(string name, (double[][] Before, double[][] Now) reads, (double[][] Wanted, double[][] Held) weights, int output)
    {
        switch (name)
        {
            case nameof(NoCompensation):
                return 1;
            case nameof(GlobalCompensation):
                return reads.Before.Sum(row => row.Sum(Math.Abs)) / reads.Now.Sum(row => row.Sum(Math.Abs));
            case nameof(PerOutputCompensation):
                return reads.Before.Sum(row => Math.Abs(row[output])) / reads.Now.Sum(row => Math.Abs(row[output]));
            case nameof(SlopeCompensation):
                // now = s·before by least squares: s = Σ now·before / Σ before².
                double products = 0, squares = 0;
                foreach (var (before, now) in reads.Before.SelectMany(row => row).Zip(reads.Now.SelectMany(row => row)))
                    (products, squares) = (products + now * before, squares + before * before);
                return 1 / (products / squares);
            case nameof(ExactCompensation):
                // The f with the least Σ (wanted − f·held)².
                return weights.Wanted[output].Zip(weights.Held[output], (wanted, held) => wanted * held).Sum()
                    / weights.Held[output].Sum(held => held * held);
            default:
                throw new NotSupportedException($"Say here what the factors of {name} are.");
        }
    }

    private static double[][] Rows(Tensor values) =>
        [.. Array.ConvertAll(Bench.Floats(values), value => (double)value).Chunk((int)values.shape[1])];
}
