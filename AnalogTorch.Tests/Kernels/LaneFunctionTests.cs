using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Kernels;

/// <summary>Functions of lanes: the same bits on registers of every width and on single floats, and their stated error over all floats.</summary>
public class LaneFunctionTests
{
    /// <summary>Every 8,191st float, of either sign, NaN among them; and the special ones.</summary>
    private static readonly float[] Floats =
    [
        .. Enumerable.Range(0, 1 << 19).Select(i => BitConverter.UInt32BitsToSingle((uint)i * 8191)),
        0f, -0f, 1f, -1f, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
        MathF.BitDecrement(1), MathF.BitIncrement(1), 88.72284f, -87.33655f, -103.97208f, 1 / 64f, MathF.BitDecrement(1 / 64f), 1e-20f,
    ];

    public static TheoryData<string> Functions => ["exp", "log", "tanh", "pow", "power of magnitude", "power of a number"];

    [Theory]
    [MemberData(nameof(Functions))]
    public void FunctionsHaveTheSameBitsAtEveryWidthAndTheStatedError(string name)
    {
        var scalar = Run<FloatLane>(name, 1);
        Assert.Equal(scalar, Run<Lane128>(name, 4));
        Assert.Equal(scalar, Run<Lane256>(name, 8));
        Assert.Equal(scalar, Run<Lane512>(name, 16));
        var tensor = Run<TensorLane>(name, 0);
        for (var i = 0; i < Floats.Length; i++)
        {
            var expected = Exact(name, Floats[i]);
            AssertWithin(name is "exp" or "log" ? 2 : 1, expected, scalar[i], name, Floats[i]);
            AssertWithin(4, expected, tensor[i], name, Floats[i]);
        }
    }

    [Theory]
    [InlineData(0f, 0f, 1f)]
    [InlineData(0f, 2f, 0f)]
    [InlineData(0f, -2f, float.PositiveInfinity)]
    [InlineData(-3f, 0f, 1f)]
    [InlineData(-3f, 2f, float.NaN)]
    [InlineData(1f, float.PositiveInfinity, 1f)]
    [InlineData(1f, float.NaN, 1f)]
    [InlineData(2f, float.NegativeInfinity, 0f)]
    [InlineData(float.PositiveInfinity, 0.5f, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, -0.5f, 0f)]
    [InlineData(float.NaN, 0f, 1f)]
    [InlineData(float.NaN, 1f, float.NaN)]
    [InlineData(2f, 127.5f, 2.4061596916800453E+38f)]
    [InlineData(2f, 128f, float.PositiveInfinity)]
    [InlineData(2f, -149f, float.Epsilon)]
    [InlineData(2f, -151f, 0f)]
    public void PowersOfSpecialNumbersAreAsStated(float a, float b, float expected)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected, FloatLane.Pow(a, b).Value);
        Assert.Equal(expected, Lane512.Pow(a, b).Value[0]);
        Assert.Equal(expected, TensorLane.Pow(a, b).Value.item<float>());
    }

    private static T Of<T>(string name, T a) where T : struct, ILane<T> => name switch
    {
        "exp" => T.Exp(a),
        "log" => T.Log(a),
        "tanh" => T.Tanh(a),
        "pow" => T.Pow(a, 1.7f),
        "power of magnitude" => T.Pow(T.Abs(a), -0.37f),
        _ => T.Pow(2.5f, a),
    };

    private static double Exact(string name, double a) => name switch
    {
        "exp" => Math.Exp(a),
        "log" => Math.Log(a),
        "tanh" => Math.Tanh(a),
        "pow" => a < 0 ? double.NaN : Math.Pow(a, 1.7f),
        "power of magnitude" => Math.Pow(Math.Abs(a), -0.37f),
        _ => Math.Pow(2.5f, a),
    };

    /// <summary>A function of all floats of the test, in registers of a width; 0 stands for one tensor of all.</summary>
    private static float[] Run<T>(string name, int width) where T : struct, ILane<T>
    {
        if (width == 0)
        {
            using var scope = NewDisposeScope();
            return Bench.Floats(Of<TensorLane>(name, tensor(Floats)).Value);
        }
        var results = new float[Floats.Length];
        for (var i = 0; i < Floats.Length; i += width)
        {
            T lanes = default;
            var count = Math.Min(width, Floats.Length - i);
            Floats.AsSpan(i, count).CopyTo(Span(ref lanes));
            lanes = Of(name, lanes);
            Span(ref lanes)[..count].CopyTo(results.AsSpan(i));
        }
        return results;

        Span<float> Span(ref T lanes) => MemoryMarshal.CreateSpan(ref Unsafe.As<T, float>(ref lanes), width);
    }

    /// <summary>
    /// Fails unless a float is as near to a number as so many steps between floats, which below the smallest normal one have the same size.
    /// </summary>
    private static void AssertWithin(int ulps, double expected, float actual, string name, float at)
    {
        var rounded = (float)expected;
        if (float.IsNaN(rounded) || float.IsInfinity(rounded) || float.IsInfinity(actual))
        {
            var next = ulps * (float.MaxValue - MathF.BitDecrement(float.MaxValue));
            Assert.True(rounded.Equals(actual) || Math.Abs(expected - Math.Clamp(actual, float.MinValue, float.MaxValue)) <= next,
                $"{name}({at:G9}) must be {expected:G9}, but is {actual:G9}.");
            return;
        }
        var step = Math.Max(Math.Abs((double)MathF.BitIncrement(MathF.Abs(rounded)) - MathF.Abs(rounded)), float.Epsilon);
        Assert.True(Math.Abs(expected - actual) <= ulps * step, $"{name}({at:G9}) must be {expected:G9} within {ulps} ulp, but is {actual:G9}.");
    }
}
