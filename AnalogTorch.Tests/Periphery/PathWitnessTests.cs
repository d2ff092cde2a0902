using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using AnalogTorch.Tests.Kernels;
using CsCheck;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Periphery;

/// <summary>A whole read against forty lines of plain loops over what its parts declare, in their order.</summary>
public class PathWitnessTests
{
    private static readonly Converter[] Converters = [new IdealConverter(), new UniformConverter { Bits = 5, Bound = 0.7 },
        new UniformConverter { Bits = 7, Bound = 2 }];

    [Fact]
    public void AReadIsItsPartsInOrder() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 20], Gen.Int[1, 9], Gen.Bool, Gen.Bool, Gen.ULong)
            .Sample((samples, inputs, outputs, hasBias, hasUnits, key) =>
        {
            using var scope = NewDisposeScope();
            var rng = new Rng(key);
            var path = Draw(rng);
            var (x, w) = (Noise.Normal(rng.Split("x"), [samples, inputs]), Noise.Normal(rng.Split("w"), [outputs, inputs]).mul_(0.4f));
            var b = hasBias ? Noise.Normal(rng.Split("b"), [outputs]).mul_(0.4f) : null;
            var (unit, correction) = (Noise.Uniform(rng.Split("unit"), [outputs]) + 0.5f,
                Noise.Uniform(rng.Split("correction"), [1, outputs]) + 0.5f);
            using var units = hasUnits ? new OutputScale(unit, correction) : null;
            (double Unit, double Gain)[] scales = [.. Bench.Floats(unit)
                .Zip(Bench.Floats(correction), (of, by) => hasUnits ? ((double)of, (double)of * by) : (1, 1))];
            var lines = path.IrDrop is NoIrDrop ? long.MaxValue : 7;
            var y = Bench.Floats(path.Read(x, w, b, rng, lines, units));
            for (var sample = 0; sample < samples; sample++)
            {
                var row = TransferWitnessLaws.Row(x, sample);
                var expected = Read(path, row, [.. Enumerable.Range(0, outputs).Select(output => TransferWitnessLaws.Row(w, output))],
                    b is null ? null : TransferWitnessLaws.Row(b.unsqueeze(0), 0), (int)Math.Min(lines, 1000), scales);
                if (expected is null)
                    continue; // a number so near to the middle of two levels that rounding decides
                for (var output = 0; output < outputs; output++)
                    Assert.True(Math.Abs(expected[output] - y[sample * outputs + output]) <= 2e-5 * (1 + row.Max(Math.Abs)),
                        $"{expected[output]} is {y[sample * outputs + output]}, by {path} with {hasBias}, {hasUnits}.");
            }
        }, iter: 300, threads: 1);

    /// <summary>Noise of devices and of the output circuits, in front of the ADC and behind the scaling.</summary>
    [Fact]
    public void NoiseIsAddedWhereItArises()
    {
        using var scope = NewDisposeScope();
        const int samples = 50_000;
        var (x, w) = (tensor(new[,] { { 0.5f, -1.5f, 0.25f } }), tensor(new[,] { { 0.3f, -0.2f, 0.8f } }));
        using var units = new OutputScale(tensor(new[] { 0.5f }));
        var path = new AnalogPath { Scaling = new AbsMaxScaling(), ReadNoise = new ProportionalReadNoise { Deviation = 0.1 }, OutputNoise = 0.05 };
        foreach (var read in new[] { path, path with { ReadNoise = new NoReadNoise() }, path with { OutputNoise = 0 } })
        {
            // Inputs over 1.5, weights over the unit of 0.5, and outputs times both.
            var devices = read.ReadNoise.OutputDeviation([0.5 / 1.5, -1, 0.25 / 1.5], [0.6, -0.4, 1.6]);
            var deviation = 1.5 * 0.5 * Math.Sqrt(devices * devices + read.OutputNoise * read.OutputNoise);
            var y = Bench.Floats(read.Read(x.expand(samples, 3).contiguous(), w, null, Rng.FromSeed(Stat.Seed), units: units));
            Stat.Moments([.. y.Select(value => (double)value)], new(0.15 + 0.3 + 0.2, deviation), 1e-6, $"outputs of {read}");
        }
    }

    /// <summary>
    /// Noise is converted with the rest: outputs are levels of the ADC, from the middle of two of which it takes them to either in half of the
    /// reads.
    /// </summary>
    [Fact]
    public void NoiseComesBeforeTheAdc()
    {
        using var scope = NewDisposeScope();
        const int samples = 20_000;
        // Levels 1/3 apart, with the output at 1/2 of full scale between the first and the second.
        var (x, w) = (full([samples, 1], 2f), full([1, 1], 0.5f));
        var loops = new AnalogPath { Scaling = new AbsMaxScaling(), OutputNoise = 0.02, Adc = new UniformConverter { Bits = 3, Bound = 1 } };
        foreach (var path in new[] { loops, loops with { IrDrop = new ColumnIrDrop { Strength = 0 } },
            loops with { OutputNoise = 0, ReadNoise = new AdditiveReadNoise() } })
        {
            var y = Bench.Floats(path.Read(x, w, null, Rng.FromSeed(Stat.Seed)));
            Assert.Equal([0.667f, 1.333f], y.Select(value => MathF.Round(value, 3)).Distinct().Order());
            Stat.Moments([.. y.Select(value => (double)value)], new(1, 1 / 3.0), 1e-6, $"outputs of {path}");
        }
    }

    private static AnalogPath Draw(Rng rng)
    {
        long roll = 0;
        return new AnalogPath
        {
            Scaling = Any<InputScaling>([new NoScaling(), new AbsMaxScaling(), new ConstantScaling { Scale = 1.7 }]),
            Dac = Any(Converters),
            Adc = Any(Converters),
            IrDrop = Any<IrDrop>([new NoIrDrop(), new ColumnIrDrop { ConductanceRatio = 40 }, new ColumnIrDrop { ConductanceRatio = 4 }]),
            Saturation = Any<Saturation>([new ClipOutputs(), new HalveInputs { MaxRepetitions = 2 }]),
        };

        T Any<T>(T[] parts) => parts[rng.Split("part").Split(roll++).Key % (ulong)parts.Length];
    }

    /// <summary>Outputs of one sample; null if a number is too near to the middle of two levels for floats.</summary>
    private static double[]? Read(AnalogPath path, double[] x, double[][] w, double[]? bias, int lines, (double Unit, double Gain)[] scales)
    {
        var scale = path.Scaling.Factor(x, bias is not null);
        for (var attempt = 0; ; attempt++)
        {
            var isTie = false;
            var input = x.Concat(bias is null ? [] : [1.0]).Select(value => Convert(path.Dac, value / scale, ref isTie)).ToArray();
            var y = w.Select((row, output) =>
            {
                var weights = row.Concat(bias is null ? [] : [bias[output]]).Select(weight => weight / scales[output].Unit).ToArray();
                var sum = input.Zip(weights, (value, weight) => value * weight).Sum();
                for (var first = 0; first < input.Length; first += lines)
                {
                    var last = Math.Min(first + lines, input.Length);
                    sum -= path.IrDrop.Loss(input.AsSpan(first..last), weights.AsSpan(first..last));
                }
                return sum;
            }).ToArray();
            var converted = y.Select(value => Convert(path.Adc, value, ref isTie)).Zip(scales, (value, of) => value * of.Gain * scale).ToArray();
            if (isTie)
                return null;
            var end = path.Adc is UniformConverter adc ? adc.Bound + adc.Step / 2
                : double.PositiveInfinity; // from which the nearest level would be one more
            if (!path.Saturation.Repeats(attempt) || y.All(value => Math.Abs(value) <= end))
                return converted;
            scale *= 2;
        }
    }

    private static double Convert(Converter converter, double value, ref bool isTie)
    {
        var level = converter.Transfer(value).Mean;
        isTie |= converter.Transfer(value + 1e-5).Mean - converter.Transfer(value - 1e-5).Mean > 3e-5
            || (converter is UniformConverter end && Math.Abs(Math.Abs(value) - end.Bound - end.Step / 2) < 1e-5);
        return level;
    }
}
