using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
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

    private const double Ratio = 571_428.57;

    private static void AssertWithinTenPercent(double[] x, double[] w)
    {
        var circuit = Loss(x, w, Ratio).Sum();
        Assert.InRange(ModelLoss(x, w), 0.9 * circuit, 1.1 * circuit);
    }

    private static double ModelLoss(double[] x, double[] w)
    {
        using var scope = NewDisposeScope();
        var y = zeros(1, 1);
        new ColumnIrDrop { ConductanceRatio = Ratio }.Subtract(y, Row(x), Row(w));
        return -y.item<float>();
    }

    private static Tensor Row(double[] values) => tensor(Array.ConvertAll(values, value => (float)value)).unsqueeze(0);

    /// <summary>What each cell's current lacks, by solving all nodes of the line; cell 0 is nearest to the ADC, which holds 0 V.</summary>
    private static double[] Loss(double[] x, double[] w, double ratio)
    {
        var n = x.Length;
        var matrix = new double[n, n];
        var voltage = new double[n];
        for (var j = 0; j < n; j++)
        {
            // Currents into node j: from its cell, if that is on, and from both neighbours on the line.
            var cell = x[j] > 0 ? w[j] / ratio : 0;
            matrix[j, j] = cell + 1 + (j + 1 < n ? 1 : 0);
            if (j > 0)
                matrix[j, j - 1] = -1;
            if (j + 1 < n)
                matrix[j, j + 1] = -1;
            voltage[j] = cell * x[j];
        }
        Solve(matrix, voltage);
        return [.. Enumerable.Range(0, n).Select(j => x[j] > 0 ? w[j] * voltage[j] : 0)];
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
