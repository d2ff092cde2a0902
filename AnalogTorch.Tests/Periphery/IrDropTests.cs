using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using AnalogTorch.Tests.Networks;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Periphery;

/// <summary>The fast model of the IR drop against Kirchhoff's laws on the same output line.</summary>
/// <remarks>
/// The fast model takes what flows in the line as the mean over inputs of |w|·|x|. That is what flows when inputs are at full
/// voltage for the share |x| of the time, and the test compares where this is exact: inputs that are on (1) or off (0, floating).
/// </remarks>
public class IrDropTests
{
    [Theory]
    [InlineData(32, 1.0)]
    [InlineData(64, 1.0)]
    [InlineData(128, 1.0)]
    [InlineData(128, 0.25)]
    public void FastModelLosesWhatTheCircuitLosesOnUniformLines(int n, double weight)
    {
        var x = Enumerable.Repeat(1.0, n).ToArray();
        var w = Enumerable.Repeat(weight, n).ToArray();
        AssertWithinTenPercent(x, w);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void FastModelLosesWhatTheCircuitLosesOnRandomLines(int seed)
    {
        const int n = 128;
        var rng = Rng.FromSeed(seed);
        AssertWithinTenPercent(Draw(rng.Split("x"), n, on => on < 0.75 ? 1 : 0), Draw(rng.Split("w"), n, u => 0.25 + 0.75 * u));
    }

    [Fact]
    public void InputsFarFromTheAdcLoseMore()
    {
        const int n = 128;
        var near = Enumerable.Range(0, n).Select(j => j < n / 2 ? 1.0 : 0).ToArray();
        var far = near.Reverse().ToArray();
        var ones = Enumerable.Repeat(1.0, n).ToArray();
        Assert.True(Loss(far, ones, Ratio).Sum() > Loss(near, ones, Ratio).Sum());
        Assert.True(ModelLoss(far, ones) > ModelLoss(near, ones));
    }

    [Fact]
    public void StrengthIsAFactor()
    {
        using var scope = NewDisposeScope();
        var (x, w) = (Noise.Normal(new Rng(1), [3, 20]), Noise.Normal(new Rng(2), [4, 20]));
        var (one, two) = (zeros(3, 4), zeros(3, 4));
        new ColumnIrDrop().Subtract(one, x, w);
        new ColumnIrDrop { Strength = 2 }.Subtract(two, x, w);
        Assert.Equal((one * 2f).data<float>().ToArray(), two.data<float>().ToArray());
        Assert.True((one != 0).all().item<bool>());
    }

    /// <summary>a of the fast model: inside the domain of its cubic, about its end, and far beyond.</summary>
    public static TheoryData<double> Loads => [0.1, 0.5, 1, 1.5, 2, 3, 5, 9, 10, 30, 100, 1000];

    [Theory]
    [MemberData(nameof(Loads))]
    public void WhereCurrentsAreEvenTheCircuitIsFollowedAtAnyLoad(double a)
    {
        const int n = 128;
        var even = Enumerable.Repeat(1.0, n).ToArray();
        AssertLeavesWhatTheCircuitLeaves(even, even, a, 0.02);
        var rng = Rng.FromSeed(n);
        AssertLeavesWhatTheCircuitLeaves(Draw(rng.Split("x"), n, on => on < 0.5 ? 1 : 0), Draw(rng.Split("w"), n, u => 0.25 + 0.75 * u), a, 0.02);
    }

    [Theory]
    [MemberData(nameof(Loads))]
    public void WhereCurrentsEnterAtTheFarEndTheErrorIsTheOneThatIsStated(double a)
    {
        const int n = 128;
        var ones = Enumerable.Repeat(1.0, n).ToArray();
        foreach (var share in new[] { 0.1, 0.5 })
        {
            var far = Enumerable.Range(0, n).Select(j => j >= n - share * n ? 1.0 : 0).ToArray();
            AssertLeavesWhatTheCircuitLeaves(far, ones, a, 0.14);
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(1.0)]
    [InlineData(1.5)]
    [InlineData(2.0)]
    [InlineData(6.0)]
    [InlineData(12.0)]
    [InlineData(400.0)]
    public void TheLossIsTheStatedFormula(double a)
    {
        // One far cell and many near ones tell the two parts apart: the profile over the line, and the shrinking of the rest.
        const int n = 50;
        var c = Math.Min(0.05 * a * a * a - 0.2 * a * a + 0.5 * a, 1.5 * (1 - Math.Tanh(Math.Sqrt(a)) / Math.Sqrt(a)));
        foreach (var on in new[] { 0, n / 3, n - 1 })
        {
            var x = Enumerable.Range(0, n).Select(j => j == on ? 1.0 : 0).ToArray();
            var profile = 1 - Math.Pow(1 - (double)on / n, 2);
            var kept = (1 - Math.Min(c, 1) * profile) * (1 - Math.Clamp(2 * (c - 1), 0, 1));
            Assert.Equal(1 - kept, ModelLoss(x, [.. x.Select(_ => 1.0)], n / a), 1e-5);
        }
    }

    [Fact]
    public void NoReadGivesWhatItsCurrentsCannot() =>
        Gen.Select(Gen.Int[1, 400], Gen.Double[-7, 3], Gen.Double[0, 3], Gen.Double[-3, 3], Gen.ULong)
        .Sample((inputs, decades, strength, size, key) =>
        {
            using var scope = NewDisposeScope();
            var rng = new Rng(key);
            var path = new AnalogPath { IrDrop = new ColumnIrDrop { Strength = strength, ConductanceRatio = Math.Pow(10, 5 + decades) } };
            var (x, w) = (Noise.Normal(rng.Split("x"), [3, inputs]).mul_((float)Math.Pow(10, size)), Noise.Normal(rng.Split("w"), [4, inputs]));
            var bias = Noise.Normal(rng.Split("b"), [4]);
            // In one line, and in several whose currents are added; inputs of one sign give outputs of that sign.
            foreach (var (sign, lines) in new[] { (x, long.MaxValue), (x, 7), (x.abs(), long.MaxValue), (x.abs(), 7) })
            {
                var weights = ReferenceEquals(sign, x) ? w : w.abs();
                var offset = ReferenceEquals(sign, x) ? bias : bias.abs();
                var y = path.Read(sign, weights, offset, default, lines);
                var most = nn.functional.linear(sign.abs(), weights.abs(), offset.abs());
                var rounding = most * (float)(inputs * Math.Pow(2, -22));
                Assert.True((y.abs() <= most + rounding).all().item<bool>());
                if (!ReferenceEquals(sign, x))
                    Assert.True((y >= -rounding).all().item<bool>());
            }
        }, iter: 200, threads: 1);

    [Fact]
    public void ALineOf256StrongCellsKeepsASensibleOutput()
    {
        // 1 Ω between cells of 100 µS: a is 256·160/10,000 = 4.1 at Σ w·x = 160.
        const int n = 256;
        var x = Enumerable.Range(0, n).Select(j => j * 160 / n != (j + 1) * 160 / n ? 1.0 : 0).ToArray();
        var w = Enumerable.Repeat(1.0, n).ToArray();
        var circuit = 160 - Loss(x, w, 1e4).Sum();
        Assert.Equal(circuit, 160 - ModelLoss(x, w, 1e4), 0.01 * 160);
    }

    /// <summary>The solver of these tests against circuits that were solved elsewhere, with inputs as voltages.</summary>
    [RealDataFact]
    public void TheCircuitOfTheseTestsIsThatOfThePublishedSolver()
    {
        var file = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.DataFolder!, "circuits", "resistive-lines.json")))!;
        var compared = 0;
        foreach (var crossbar in file["cases"]!.AsArray())
        {
            if ((double)crossbar!["wordLineOhmPerCell"]! > 0 || (double)crossbar["bitLineOhmPerCell"]! == 0)
                continue;
            // The ADC is behind the last word line there, and next to input 0 here.
            var siemens = crossbar["conductanceSiemens"]!.AsArray().Reverse()
                .Select(row => row!.AsArray().Select(cell => (double)cell!).ToArray()).ToArray();
            var volts = crossbar["volts"]!.AsArray().Reverse().Select(volt => (double)volt!).ToArray();
            var ohms = (double)crossbar["bitLineOhmPerCell"]!;
            var amperes = crossbar["outputAmperes"]!.AsArray().Select(ampere => (double)ampere!).ToArray();
            for (var line = 0; line < amperes.Length; line++)
            {
                var cells = siemens.Select(row => row[line]).ToArray();
                var current = volts.Zip(cells, (volt, cell) => volt * cell).Sum() - Loss(volts, cells, 1 / ohms, floats: false).Sum();
                Assert.Equal(amperes[line], current, 1e-9 * cells.Max() * 0.2);
                compared++;
            }
        }
        Assert.True(compared > 50);
    }

    private const double Ratio = 571_428.57;

    private static void AssertWithinTenPercent(double[] x, double[] w)
    {
        var circuit = Loss(x, w, Ratio).Sum();
        Assert.InRange(ModelLoss(x, w), 0.9 * circuit, 1.1 * circuit);
    }

    private static void AssertLeavesWhatTheCircuitLeaves(double[] x, double[] w, double a, double share)
    {
        var ideal = x.Zip(w, (input, weight) => input * weight).Sum();
        var ratio = x.Length * ideal / a;
        Assert.Equal(Loss(x, w, ratio).Sum(), ModelLoss(x, w, ratio), share * ideal);
    }

    private static double ModelLoss(double[] x, double[] w, double ratio = Ratio)
    {
        using var scope = NewDisposeScope();
        var y = zeros(1, 1);
        new ColumnIrDrop { ConductanceRatio = ratio }.Subtract(y, Row(x), Row(w));
        return -y.item<float>();
    }

    private static Tensor Row(double[] values) => tensor(Array.ConvertAll(values, value => (float)value)).unsqueeze(0);

    /// <summary>What each cell's current lacks, by solving all nodes of the line; cell 0 is nearest to the ADC, which holds 0 V.</summary>
    /// <param name="x">Voltages of the inputs.</param>
    /// <param name="w">Conductances of the cells.</param>
    /// <param name="ratio">Conductance of the line between two cells, in units of those.</param>
    /// <param name="floats">Whether an input of 0 is off, or held at 0 V.</param>
    private static double[] Loss(double[] x, double[] w, double ratio, bool floats = true)
    {
        var n = x.Length;
        var matrix = new double[n, n];
        var voltage = new double[n];
        for (var j = 0; j < n; j++)
        {
            // Currents into node j: from its cell, if that is on, and from both neighbours on the line.
            var cell = IsOn(j) ? w[j] / ratio : 0;
            matrix[j, j] = cell + 1 + (j + 1 < n ? 1 : 0);
            if (j > 0)
                matrix[j, j - 1] = -1;
            if (j + 1 < n)
                matrix[j, j + 1] = -1;
            voltage[j] = cell * x[j];
        }
        Solve(matrix, voltage);
        return [.. Enumerable.Range(0, n).Select(j => IsOn(j) ? w[j] * voltage[j] : 0)];

        bool IsOn(int j) => x[j] > 0 || !floats;
    }

    /// <summary>Gaussian elimination without pivots, which a diagonally dominant matrix does not need.</summary>
    private static void Solve(double[,] a, double[] b)
    {
        var n = b.Length;
        for (var k = 0; k < n; k++)
            for (var i = k + 1; i < n; i++)
            {
                var factor = a[i, k] / a[k, k];
                for (var j = k; j < n; j++)
                    a[i, j] -= factor * a[k, j];
                b[i] -= factor * b[k];
            }
        for (var i = n - 1; i >= 0; i--)
        {
            for (var j = i + 1; j < n; j++)
                b[i] -= a[i, j] * b[j];
            b[i] /= a[i, i];
        }
    }

    private static double[] Draw(Rng rng, int count, Func<double, double> shape)
    {
        using var scope = NewDisposeScope();
        return Array.ConvertAll(Noise.Uniform(rng, [count]).data<float>().ToArray(), value => shape(value));
    }
}
