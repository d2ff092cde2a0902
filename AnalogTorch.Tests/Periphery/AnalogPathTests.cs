using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using AnalogTorch.Tests.Kernels;
using CsCheck;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Periphery;

public class AnalogPathTests
{
    private static readonly Gen<(int Samples, int Inputs, int Outputs, ulong Key)> Shapes = Gen.Select(Gen.Int[1, 6], Gen.Int[1, 40], Gen.Int[1, 40], Gen.ULong);

    [Fact]
    public void TheIdealPathIsExactlyTheProduct() => Shapes.Sample(shape =>
    {
        using var scope = NewDisposeScope();
        var (x, w, b) = Draw(shape);
        Assert.Equal(Bench.Floats(nn.functional.linear(x, w, b)), Bench.Floats(new AnalogPath().Read(x, w, b, new Rng(1))));
        Assert.Equal(Bench.Floats(nn.functional.linear(x, w)), Bench.Floats(new AnalogPath().Read(x, w, null, new Rng(1))));
    }, iter: 30, threads: 1);

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 0.5)]
    [InlineData(8, 1)]
    [InlineData(9, 12)]
    public void ConvertersRoundToTheGridAndThenClip(int bits, double bound) =>
        Gen.Select(Gen.Double[-2, 2], Gen.ULong).Sample((relative, key) =>
        {
            using var scope = NewDisposeScope();
            foreach (var rounding in Catalog.Defaults<Rounding>())
            {
                var converter = new UniformConverter { Bits = bits, Bound = bound, Rounding = rounding };
                var value = (float)(relative * bound);
                var converted = converter.Convert(tensor(new[] { value }), new Rng(key)).item<float>();
                Assert.InRange(converted, -(float)bound, (float)bound);
                // On the grid, to the rounding of one product.
                var level = Math.Round(converted / converter.Step);
                Assert.Equal(level * converter.Step, converted, Math.Pow(2, -23) * bound);
                var reach = rounding is NearestRounding ? 0.5 : 1;
                Assert.True(Math.Abs(converted - Math.Clamp(value, -bound, bound)) <= converter.Step * (reach + 1e-6 * (1 << bits)), $"{value} became {converted}.");
            }
        }, iter: 300, threads: 1);

    [Fact]
    public void AConverterHasItsEndsAndZeroAmongItsLevels()
    {
        using var scope = NewDisposeScope();
        var converter = new UniformConverter { Bits = 3, Bound = 1 };
        Assert.Equal(1 / 3.0, converter.Step);
        var levels = Bench.Floats(converter.Convert(linspace(-2, 2, 4001), default)).Distinct().Order().ToArray();
        Assert.Equal(7, levels.Length); // 2³ − 2 steps
        Assert.Equal((-1f, 0f, 1f), (levels[0], levels[3], levels[6]));
        Assert.Equal([false, false, true, true], converter.Clips(tensor(new[] { 1f, -1.16f, 1.17f, -3f })).data<bool>().ToArray());
    }

    [Fact]
    public void StochasticRoundingIsRightOnAverage() =>
        // Between two levels a step of 0.25 apart, at 0.3 of the way: a Bernoulli number.
        Stat.Mean((count, rng) =>
        {
            using var scope = NewDisposeScope();
            return Bench.Floats(new UniformConverter { Bits = 2, Bound = 0.25, Rounding = new StochasticRounding() }.Convert(full(count, 0.075f), rng));
        }).Is(0.075, std: 0.25 * Math.Sqrt(0.3 * 0.7), detect: 0.001);

    [Fact]
    public void ABatchIsItsSamples() => Shapes.Sample(shape =>
    {
        using var scope = NewDisposeScope();
        var (x, w, b) = Draw(shape);
        // The DAC sees bit-equal numbers; the products may be summed in another order, which the ADC can turn into a step.
        var path = new AnalogPath { Scaling = new AbsMaxScaling(), Dac = new UniformConverter { Bits = 7 } };
        var batch = Bench.Floats(path.Read(x, w, b, default));
        var samples = Enumerable.Range(0, shape.Samples).SelectMany(i => Bench.Floats(path.Read(x[i].unsqueeze(0), w, b, default))).ToArray();
        // Each of the sums of products bounds its own rounding: n·2⁻²⁴·Σ|w·x̂|·α.
        var bound = Bench.Floats(nn.functional.linear(x.abs() + x.abs().amax([1], keepdim: true) / 126, w.abs(), b.abs()));
        for (var i = 0; i < batch.Length; i++)
            Assert.Equal(samples[i], batch[i], (shape.Inputs + 4) * Math.Pow(2, -23) * bound[i]);
    }, iter: 30, threads: 1);

    [Fact]
    public void AbsMaxScalingMakesTheLargestInputFullScale()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[,] { { 0.2f, -0.5f }, { 0, 0 }, { 3, 1 } });
        Assert.Equal([0.5f, 1, 3], Bench.Floats(new AbsMaxScaling().Of(x, hasBias: false)));
        Assert.Equal([1f, 1, 3], Bench.Floats(new AbsMaxScaling().Of(x, hasBias: true)));
        Assert.Equal([2f], Bench.Floats(new ConstantScaling { Scale = 2 }.Of(x, hasBias: true)));
    }

    [Fact]
    public void ScalingByAPowerOfTwoScalesTheOutput() => Shapes.Sample(shape =>
    {
        // All of it is exact in floats, so the property is, too.
        using var scope = NewDisposeScope();
        var (x, w, _) = Draw(shape);
        var path = new AnalogPath { Scaling = new AbsMaxScaling(), Dac = new UniformConverter(), Adc = new UniformConverter { Bits = 9, Bound = 4 }, OutputNoise = 0.01, ReadNoise = new AdditiveReadNoise() };
        Assert.Equal(Bench.Floats(path.Read(x, w, null, new Rng(2)) * 4f), Bench.Floats(path.Read(x * 4f, w, null, new Rng(2))));
    }, iter: 30, threads: 1);

    [Fact]
    public void NoiseHasTheDerivedVariance()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[,] { { 0.5f, -1, 0.25f, 0 } });
        var w = tensor(new[,] { { 0.3f, -0.2f, 0.8f, 0.9f } });
        var (norm, weighted) = (0.25 + 1 + 0.0625, 0.3 * 0.25 + 0.2 + 0.8 * 0.0625);
        Check(new AnalogPath { OutputNoise = 0.04 }, 0.04 * 0.04);
        Check(new AnalogPath { ReadNoise = new AdditiveReadNoise { Deviation = 0.02 } }, 0.02 * 0.02 * norm);
        Check(new AnalogPath { ReadNoise = new ProportionalReadNoise { Deviation = 0.03 } }, 0.03 * 0.03 * weighted);
        // Independent sources add; a scale of 2 acts on the output circuits only, since read noise follows the smaller input.
        Check(new AnalogPath { OutputNoise = 0.04, ReadNoise = new AdditiveReadNoise { Deviation = 0.02 }, Scaling = new ConstantScaling { Scale = 2 } }, 4 * 0.04 * 0.04 + 0.02 * 0.02 * norm);

        void Check(AnalogPath path, double variance)
        {
            Sampler errors = (count, rng) =>
            {
                using var inner = NewDisposeScope();
                return Bench.Floats(path.Read(x.expand(count, 4).contiguous(), w, null, rng) - nn.functional.linear(x, w));
            };
            Stat.Mean(errors).Is(0, std: Math.Sqrt(variance), detect: 0.02 * Math.Sqrt(variance));
            Stat.Variance(errors).Is(variance, detect: 0.02);
        }
    }

    [Fact]
    public void NoiseIsNewAtEveryReadAndOnEveryOutput()
    {
        using var scope = NewDisposeScope();
        var (x, w) = (ones(2, 5), ones(3, 5));
        foreach (var path in new[] { new AnalogPath { OutputNoise = 0.1 }, new AnalogPath { ReadNoise = new ProportionalReadNoise() }, new AnalogPath { ReadNoise = new AdditiveReadNoise() } })
        {
            var numbers = Bench.Floats(path.Read(x, w, null, new Rng(1))).Concat(Bench.Floats(path.Read(x, w, null, new Rng(2))));
            Assert.Equal(12, numbers.Distinct().Count());
        }
    }

    [Fact]
    public void HalvingInputsSavesWhatClippingLoses()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[,] { { 1f, 1, 1, 1 }, { 0.25f, 0, 0, 0 } });
        var w = ones(1, 4);
        var clipping = new AnalogPath { Dac = new UniformConverter { Bits = 12 }, Adc = new UniformConverter { Bits = 12, Bound = 1 } };
        Assert.Equal(1f, Bench.Floats(clipping.Read(x, w, null, default))[0]);
        var halving = clipping with { Saturation = new HalveInputs() };
        var y = Bench.Floats(halving.Read(x, w, null, default));
        // At a quarter of the input the output of 4 fits; the sample that did not clip is not read again.
        Assert.Equal(4, y[0], 4 * (5 * ((UniformConverter)clipping.Dac).Step));
        Assert.Equal(Bench.Floats(clipping.Read(x, w, null, default))[1], y[1]);
        // One repetition is not enough: twice the bound is what it can give.
        Assert.Equal(2f, Bench.Floats((clipping with { Saturation = new HalveInputs { MaxRepetitions = 1 } }).Read(x, w, null, default))[0]);
    }

    private static (Tensor X, Tensor W, Tensor B) Draw((int Samples, int Inputs, int Outputs, ulong Key) shape) => (
        Noise.Normal(new Rng(shape.Key), [shape.Samples, shape.Inputs]),
        Noise.Normal(new Rng(shape.Key).Split("w"), [shape.Outputs, shape.Inputs]).mul_(0.3f),
        Noise.Normal(new Rng(shape.Key).Split("b"), [shape.Outputs]));
}
