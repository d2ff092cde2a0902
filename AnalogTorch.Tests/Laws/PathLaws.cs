using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>What holds for every part of the path of a read.</summary>
public static class PathLaws
{
    public static void ReadsKeepShapesAndGiveTheSameBitsAgain(InputScaling part) => Repeats(With(part));

    public static void ReadsKeepShapesAndGiveTheSameBitsAgain(Converter part) => Repeats(With(part));

    public static void ReadsKeepShapesAndGiveTheSameBitsAgain(IrDrop part) => Repeats(With(part));

    public static void ReadsKeepShapesAndGiveTheSameBitsAgain(ReadNoise part) => Repeats(With(part));

    public static void ReadsKeepShapesAndGiveTheSameBitsAgain(Saturation part) => Repeats(With(part));

    public static void ReadingLeavesInputsAloneAndNoTensorBehind(InputScaling part) => LeavesNothing(With(part));

    public static void ReadingLeavesInputsAloneAndNoTensorBehind(Converter part) => LeavesNothing(With(part));

    public static void ReadingLeavesInputsAloneAndNoTensorBehind(IrDrop part) => LeavesNothing(With(part));

    public static void ReadingLeavesInputsAloneAndNoTensorBehind(ReadNoise part) => LeavesNothing(With(part));

    public static void ReadingLeavesInputsAloneAndNoTensorBehind(Saturation part) => LeavesNothing(With(part));

    /// <summary>What a fast read takes a converter for is what it does: on its levels, between them, and beyond its range.</summary>
    public static void AConverterInNumbersIsTheConverter(Converter converter)
    {
        if (converter.AsQuantizer is not { IsStochastic: false } numbers)
            return;
        using var scope = NewDisposeScope();
        var values = Noise.Normal(new Rng(3), [4000]).mul_(float.IsFinite(numbers.Bound) ? numbers.Bound : 1);
        var expected = Bench.Floats(values).Select(value =>
            Math.Clamp(numbers.Step == 0 ? value : MathF.Round(value * (1 / numbers.Step)) * numbers.Step, -numbers.Bound, numbers.Bound)).ToArray();
        var actual = Bench.Floats(converter.Convert(values.clone(), new Rng(1)));
        var apart = expected.Zip(actual, (a, b) => Math.Abs(a - b)).ToArray();
        // The rounding of one product; where a value lies on the border of two levels, it may fall on either.
        Assert.True(apart.Count(difference => difference > 1e-6f * Math.Max(1, Math.Abs(values.abs().max().item<float>()))) <= 2, $"off by {apart.Max()}");
    }

    /// <summary>What a fast read takes a scaling for is what it does.</summary>
    public static void AScalingInNumbersIsTheScaling(InputScaling scaling)
    {
        if (scaling.AsRowScaling is not { } numbers)
            return;
        using var scope = NewDisposeScope();
        var x = Noise.Normal(new Rng(3), [40, 30]);
        x[7] = tensor(0f);
        foreach (var hasBias in new[] { false, true })
        {
            var actual = Bench.Floats(scaling.Of(x, hasBias).expand(40, 1).contiguous());
            var largest = Bench.Floats(x.abs().amax([1]));
            for (var row = 0; row < 40; row++)
            {
                var followed = hasBias ? Math.Max(largest[row], 1) : largest[row] == 0 ? 1 : largest[row];
                Assert.Equal(numbers.FollowsMaximum ? followed : numbers.Constant, actual[row]);
            }
        }
    }

    /// <summary>What a fast read takes a rounding for is what it does.</summary>
    public static void ARoundingInNumbersIsTheRounding(Rounding rounding)
    {
        if (rounding.IsByChance is not { } byChance)
            return;
        using var scope = NewDisposeScope();
        var values = Noise.Normal(new Rng(3), [40_000]).mul_(3f);
        var down = Bench.Floats(values.floor());
        var rounded = Bench.Floats(rounding.Round(values.clone(), new Rng(1)));
        var nearest = Bench.Floats(values.round());
        if (!byChance)
            Assert.Equal(nearest, rounded);
        // Up with the probability of what is beyond the whole number below: within 5 standard deviations of at most ½.
        Assert.All(rounded.Zip(down, (value, below) => value - below), step => Assert.True(step is 0 or 1));
        if (byChance)
            Assert.InRange(rounded.Zip(Bench.Floats(values), (value, exact) => value - exact).Average(), -5 * 0.5 / 200, 5 * 0.5 / 200);
    }

    /// <summary>What a fast read takes noise for is what it is, whatever inputs and weights are: its mean and its deviation.</summary>
    public static void ANoiseInNumbersIsTheNoise(ReadNoise noise)
    {
        if (noise.AsOutputNoise is not { } deviation)
            return;
        const int Count = 40_000;
        foreach (var size in new[] { 0.1f, 3 })
        {
            using var scope = NewDisposeScope();
            var y = zeros(Count, 1);
            noise.Add(y, full([Count, 4], size), full([1, 4], size), new Rng(1));
            Assert.InRange(y.mean().item<float>(), -5 * deviation / Math.Sqrt(Count), 5 * deviation / Math.Sqrt(Count));
            Assert.InRange(y.std().item<float>(), deviation * (1 - 5 / Math.Sqrt(2 * Count)), deviation * (1 + 5 / Math.Sqrt(2 * Count)));
        }
    }

    private static AnalogPath With(HardwareConfig part) => part switch
    {
        InputScaling scaling => new AnalogPath { Scaling = scaling, Dac = new UniformConverter() },
        Converter converter => new AnalogPath { Dac = converter, Adc = converter },
        IrDrop drop => new AnalogPath { IrDrop = drop },
        ReadNoise noise => new AnalogPath { ReadNoise = noise },
        Saturation saturation => new AnalogPath { Saturation = saturation, Adc = new UniformConverter() },
        var other => throw new NotSupportedException($"Say here where a {other.GetType().Name} goes."),
    };

    private static void Repeats(AnalogPath path)
    {
        foreach (var (samples, inputs, outputs) in new[] { (1, 1, 1), (3, 40, 7), (6, 17, 40), (2, 1, 33) })
        {
            using var scope = NewDisposeScope();
            var (x, w, b) = Draw(samples, inputs, outputs);
            var y = path.Read(x, w, b, new Rng(1));
            Assert.Equal([samples, outputs], y.shape);
            Assert.True(y.isfinite().all().item<bool>());
            Assert.Equal(Bench.Floats(y), Bench.Floats(path.Read(x, w, b, new Rng(1))));
        }
    }

    private static void LeavesNothing(AnalogPath path)
    {
        using var scope = NewDisposeScope();
        var (x, w, b) = Draw(3, 20, 10);
        var before = (Bench.Floats(x), Bench.Floats(w), Bench.Floats(b));
        var alive = scope.DisposablesCount;
        path.Read(x, w, b, new Rng(1));
        Assert.Equal(alive + 1, scope.DisposablesCount);
        Assert.Equal(before.Item1, Bench.Floats(x));
        Assert.Equal(before.Item2, Bench.Floats(w));
        Assert.Equal(before.Item3, Bench.Floats(b));
    }

    private static (Tensor X, Tensor W, Tensor B) Draw(long samples, long inputs, long outputs) => (
        Noise.Normal(new Rng(4), [samples, inputs]), Noise.Normal(new Rng(4).Split("w"), [outputs, inputs]).mul_(0.3f), Noise.Normal(new Rng(4).Split("b"), [outputs]));
}
