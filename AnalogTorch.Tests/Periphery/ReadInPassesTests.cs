using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using AnalogTorch.Tests.Kernels;
using CsCheck;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Periphery;

/// <summary>A read in two passes over host memory gives what the same path gives operation by operation.</summary>
[Collection(nameof(Alone))]
public class ReadInPassesTests
{
    public static TheoryData<string> Scalings => new(Catalog.Variants<InputScaling>().Select(type => type.Name));

    [Theory]
    [MemberData(nameof(Scalings))]
    public void PassesAreTheOperationsOfThePath(string scaling) =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 70], Gen.Int[1, 40], Gen.Bool, Gen.Bool, Gen.ULong).Sample((samples, inputs, outputs, hasBias, converts, key) =>
        {
            using var scope = NewDisposeScope();
            var (x, w) = (Noise.Normal(new Rng(key), [samples, inputs]), Noise.Normal(new Rng(key).Split("w"), [outputs, inputs]).mul_(0.1f));
            var b = hasBias ? Noise.Normal(new Rng(key).Split("b"), [outputs]).mul_(0.1f) : null;
            var passes = new AnalogPath
            {
                Scaling = Catalog.Defaults<InputScaling>().Single(variant => variant.GetType().Name == scaling),
                Dac = new UniformConverter { Bits = 8, Bound = 2 },
                Adc = converts ? new UniformConverter { Bits = 9, Bound = 3 } : new IdealConverter(),
            };
            Assert.True(passes.TakesPasses(x));
            var operations = passes with { IrDrop = new ColumnIrDrop { Strength = 0 } }; // which no pass knows, and which takes nothing off
            Assert.False(operations.TakesPasses(x));
            var (a, c) = (passes.Read(x, w, b, new Rng(1)), operations.Read(x, w, b, new Rng(1)));
            // Sums of products in another order; where one lies between two levels of the ADC, the other may fall on the next one.
            var scale = Math.Max(x.abs().max().item<float>(), 1);
            var level = converts ? 6.0 / 510 * scale : 0;
            Assert.True((a - c).abs().max().item<float>() <= level * 1.0001 + 1e-5 * scale);
            Assert.True((a - c).abs().gt(1e-5 * scale).sum().item<long>() <= 1 + samples * outputs / 500);
        }, iter: 40, threads: 1);

    [Fact]
    public void BlocksOfRowsAndThreadsLeaveNoTrace()
    {
        using var scope = NewDisposeScope();
        var path = new AnalogPath
        {
            Scaling = new AbsMaxScaling(),
            Dac = new UniformConverter { Rounding = new StochasticRounding() },
            Adc = new UniformConverter { Bound = 10 },
            OutputNoise = 0.04,
        };
        // 700 rows of 800 inputs are three blocks; more elements than one thread gets alone.
        var (x, w) = (Noise.Normal(new Rng(2), [700, 800]), Noise.Normal(new Rng(3), [330, 800]).mul_(0.05f));
        var (one, two) = (Run(1), Run(2));
        Assert.Equal(one, two);
        var first = Bench.Floats(path.Read(x.narrow(0, 0, 16).contiguous(), w, null, new Rng(1)));
        // The product of fewer rows may be summed in another order: a level of the ADC apart at most, and rarely.
        Assert.True(first.Zip(one, (a, b) => Math.Abs(a - b) > 1e-4f).Count(apart => apart) < first.Length / 100);

        float[] Run(int threads)
        {
            set_num_threads(threads);
            try
            {
                return Bench.Floats(path.Read(x, w, null, new Rng(1)));
            }
            finally
            {
                set_num_threads(1);
            }
        }
    }

    [Fact]
    public void WhatIsNotFiniteIsRefused()
    {
        using var scope = NewDisposeScope();
        var path = new AnalogPath { Adc = new UniformConverter() };
        Assert.Throws<NotFiniteNumberException>(() => path.Read(full([2, 5], float.NaN), ones(3, 5), null, new Rng(1)));
        Assert.Throws<NotFiniteNumberException>(() => path.Read(full([2, 5], float.NegativeInfinity), ones(3, 5), null, new Rng(1)));
        set_num_threads(2);
        try
        {
            Assert.Throws<NotFiniteNumberException>(() => path.Read(full([600, 800], float.NaN), ones(3, 800), null, new Rng(1)));
        }
        finally
        {
            set_num_threads(1);
        }
    }
}
