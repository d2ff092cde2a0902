using AnalogTorch.Core;
using AnalogTorch.Kernels;
using CsCheck;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Kernels;

public class ParameterPlaneTests
{
    [Fact]
    public void PackingMovesAValueByHalfAStepAtMost() => Gen.Select(Gen.Float[-1e3f, 1e3f], Gen.Float[1e-9f, 1e3f], Gen.Int[2, 300], Gen.ULong).Sample((mean, spread, count, key) =>
    {
        using var scope = NewDisposeScope();
        var values = Noise.Normal(new Rng(key), [1, count]).mul_(spread).add_(mean);
        Tensor unpacked = ParameterPlane.Pack(values);
        var range = (values.max() - values.min()).item<float>();
        // Half of 1/65,535 of the range, and the rounding of floats of this size in the three operations that pack and unpack.
        var allowed = range / 65_535 / 2 + 8 * Math.Pow(2, -24) * (Math.Abs(mean) + 10 * spread);
        Assert.True((unpacked - values).abs().max().item<float>() <= allowed);
        Assert.Equal(values.min().item<float>(), unpacked.min().item<float>());
    }, iter: 50, threads: 1);

    [Fact]
    public void OneNumberForAllStaysWhatItIs()
    {
        using var scope = NewDisposeScope();
        var plane = ParameterPlane.Pack(full(1, 0.3f));
        Assert.Null(plane.Range);
        Assert.Equal(0.3f, ((Tensor)plane).item<float>());
    }

    [Fact]
    public void ABoundThatIsInfiniteLeavesTheOthersAlone()
    {
        using var scope = NewDisposeScope();
        float[] values = [0.3f, float.PositiveInfinity, -0.2f];
        Assert.Equal(values, Bench.Floats(ParameterPlane.Pack(tensor(values))));
    }

    [Fact]
    public void EqualNumbersStayEqual()
    {
        using var scope = NewDisposeScope();
        Assert.All(Bench.Floats(ParameterPlane.Pack(full([3, 5], 0.3f))), value => Assert.Equal(0.3f, value));
    }
}
