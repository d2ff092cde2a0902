using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using AnalogTorch.Tests.Core;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Periphery;

/// <summary>Every part of a read does to tensors what it declares in plain numbers, for parameters over their legal range.</summary>
public class TransferWitnessLaws
{
    private const int Sets = 12, Draws = 4000;

    public static TheoryData<string> Converters => Names<Converter>();

    /// <summary>Levels, rounding and clipping, by the converter itself and in the loops that take it as numbers.</summary>
    [Theory]
    [MemberData(nameof(Converters))]
    public void ConvertersHaveTheDeclaredTransferCurve(string name)
    {
        using var scope = NewDisposeScope();
        foreach (var (converter, rng) in Parameters<Converter>(name))
        {
            var reach = Math.Max(Math.Abs(converter.Transfer(1e9).Mean), 1e-9);
            reach = reach > 1e6 && converter is not UniformConverter ? 1 : reach; // an ideal one has no end
            var values = Bench.Floats(linspace(-1.3, 1.3, 41).add(Noise.Uniform(rng.Split("values"), [41]), alpha: 0.01).mul((float)reach));
            var rows = tensor(values).expand(Draws, values.Length).contiguous();
            Check(converter.Convert(rows.clone(), rng), 1e-6);
            // In the loops: an exact product with the identity, the constant input beside it.
            if (converter.AsQuantizer is not null && converter is not IdealConverter)
                Check(new AnalogPath { Dac = converter }.Read(rows, eye(values.Length), null, rng), 1e-6);

            void Check(Tensor converted, double rounding)
            {
                var columns = Bench.Floats(converted.t().contiguous()).Chunk(Draws).ToArray();
                for (var i = 0; i < values.Length; i++)
                {
                    var expected = converter.Transfer(values[i]);
                    var next = Math.Max(Math.Abs(converter.Transfer(values[i] * (1 + 1e-6)).Mean - expected.Mean),
                        Math.Abs(converter.Transfer(values[i] * (1 - 1e-6)).Mean - expected.Mean));
                    Stat.Moments([.. columns[i].Select(value => (double)value)], expected, next + rounding * (reach + Math.Abs(values[i])),
                        $"{values[i]} through {converter}");
                }
            }
        }
    }

    public static TheoryData<string> Roundings => Names<Rounding>();

    /// <summary>Whole numbers stay, and of halves the rounding says which way they go.</summary>
    [Theory]
    [MemberData(nameof(Roundings))]
    public void TiesGoTheDeclaredWay(string name)
    {
        using var scope = NewDisposeScope();
        foreach (var (rounding, rng) in Parameters<Rounding>(name))
        {
            for (var half = -9; half <= 9; half++)
            {
                var rounded = Bench.Floats(rounding.Round(full(Draws, half / 2f), rng.Split(half)));
                Stat.Moments([.. rounded.Select(value => (double)value)], rounding.Rounded(half / 2.0), 1e-9, $"{half / 2.0} by {name}");
                Assert.All(rounded, value => Assert.Equal(MathF.Floor(value), value));
            }
        }
    }

    public static TheoryData<string> Scalings => Names<InputScaling>();

    [Theory]
    [MemberData(nameof(Scalings))]
    public void InputsAreScaledByTheDeclaredFactor(string name)
    {
        using var scope = NewDisposeScope();
        foreach (var (scaling, rng) in Parameters<InputScaling>(name))
        {
            var x = Noise.Normal(rng.Split("x"), [20, 9]) * tensor(Enumerable.Range(0, 20)
                .Select(i => i == 0 ? 0 : MathF.Pow(2, i - 12)).ToArray()).unsqueeze(1);
            foreach (var hasBias in new[] { false, true })
            {
                var factors = Bench.Floats(scaling.Of(x, hasBias).expand(20, 1).contiguous());
                for (var i = 0; i < 20; i++)
                    Assert.Equal(scaling.Factor(Row(x, i), hasBias), factors[i], 1e-6 * factors[i]);
            }
        }
    }

    public static TheoryData<string> ReadNoises => Names<ReadNoise>();

    [Theory]
    [MemberData(nameof(ReadNoises))]
    public void OutputsScatterAsDeclared(string name)
    {
        using var scope = NewDisposeScope();
        const int samples = 50_000, outputs = 3;
        foreach (var (noise, rng) in Parameters<ReadNoise>(name).Take(4))
        {
            var (x, w) = (Noise.Normal(rng.Split("x"), [1, 6]), Noise.Normal(rng.Split("w"), [outputs, 6]));
            var y = zeros(samples, outputs);
            noise.Add(y, x.expand(samples, 6).contiguous(), w, rng.Split("noise"));
            var columns = Bench.Floats(y.t().contiguous()).Chunk(samples).ToArray();
            for (var output = 0; output < outputs; output++)
            {
                var deviation = noise.OutputDeviation(Row(x, 0), Row(w, output));
                Stat.Moments([.. columns[output].Select(value => (double)value)], new(0, deviation), 1e-5 * deviation, $"an output with {noise}");
            }
            // Outputs draw numbers of their own.
            var products = columns[0].Zip(columns[1], (a, b) => (double)a * b).ToArray();
            Stat.Mean(products, 0, 0, "the product of two outputs");
        }
    }

    public static TheoryData<string> IrDrops => Names<IrDrop>();

    [Theory]
    [MemberData(nameof(IrDrops))]
    public void LinesLoseWhatIsDeclared(string name)
    {
        using var scope = NewDisposeScope();
        const int inputs = 30, outputs = 4;
        foreach (var (drop, rng) in Parameters<IrDrop>(name))
        {
            foreach (var decades in Enumerable.Range(-6, 20))
            {
                var x = Noise.Normal(rng.Split("x").Split(decades), [2, inputs]) * (float)Math.Pow(10, decades / 2.0);
                var w = Noise.Normal(rng.Split("w").Split(decades), [outputs, inputs]);
                var y = zeros(2, outputs);
                drop.Subtract(y, x, w);
                var lost = Bench.Floats(y.neg());
                for (var i = 0; i < lost.Length; i++)
                {
                    var (inputsOf, weights) = (Row(x, i / outputs), Row(w, i % outputs));
                    var most = inputsOf.Zip(weights, (input, weight) => Math.Abs(input * weight)).Sum();
                    Assert.Equal(drop.Loss(inputsOf, weights), lost[i], 1e-5 * most);
                }
            }
        }
    }

    private static TheoryData<string> Names<T>() where T : HardwareConfig => new(Catalog.Variants<T>().Select(type => type.Name));

    private static IEnumerable<(T Part, Rng Stream)> Parameters<T>(string name) where T : HardwareConfig
    {
        var rng = Rng.FromSeed(Stat.Seed).Split(name);
        return RandomConfig.Legal<T>(Catalog.Variants<T>().Single(type => type.Name == name), rng).Take(Sets)
            .Select((part, set) => (part, rng.Split("set").Split(set)));
    }

    internal static double[] Row(Tensor values, int row) => Array.ConvertAll(Bench.Floats(values[row].contiguous()), value => (double)value);
}
