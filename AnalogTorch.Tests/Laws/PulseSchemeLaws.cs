using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Updates;
using CsCheck;
using static TorchSharp.torch;

namespace AnalogTorch.Laws;

/// <summary>What holds for every way to draw pulse trains.</summary>
public static class PulseSchemeLaws
{
    private const double Rate = 0.01, Step = 0.001;

    public static void ZeroInputOrZeroErrorMovesNothing(PulseScheme scheme) =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.ULong).Sample((inputs, outputs, key) =>
        {
            using var scope = NewDisposeScope();
            var x = Noise.Normal(new Rng(key), [3, inputs]);
            var delta = Noise.Normal(new Rng(key).Split("delta"), [3, outputs]);
            x[1] = tensor(0f);
            delta[2] = tensor(0f);
            using var trains = Draw(scheme, x, delta, new Rng(key));
            Assert.All(Words(trains.Inputs, 1, inputs), word => Assert.Equal(0, word & TrainPair.Slots));
            Assert.All(Words(trains.Outputs, 2, outputs), word => Assert.Equal(0, word & TrainPair.Slots));
            // Lines beyond the last one stay silent too.
            Assert.All(Words(trains.Inputs, 0, trains.Inputs.shape[1]).Skip(inputs), word => Assert.Equal(0, word & TrainPair.Slots));
            Assert.All(Words(trains.Outputs, 0, trains.Outputs.shape[1]).Skip(outputs), word => Assert.Equal(0, word & TrainPair.Slots));
        }, iter: 30, threads: 1);

    public static void TrainsAreAFunctionOfTheStream(PulseScheme scheme)
    {
        using var scope = NewDisposeScope();
        var (x, delta) = (Noise.Normal(new Rng(1), [4, 30]), Noise.Normal(new Rng(2), [4, 20]));
        using var a = Draw(scheme, x, delta, new Rng(3));
        using var b = Draw(scheme, x, delta, new Rng(3));
        // Used buffers give the same as fresh ones.
        using var used = Draw(scheme, Noise.Normal(new Rng(5), [9, 30]), Noise.Normal(new Rng(6), [9, 20]), new Rng(7));
        scheme.Draw(x, delta, Rate, Step, new Rng(3), used);
        for (var sample = 0; sample < 4; sample++)
        {
            Assert.Equal(Words(a.Inputs, sample, 32), Words(b.Inputs, sample, 32));
            Assert.Equal(Words(a.Inputs, sample, 32), Words(used.Inputs, sample, 32));
            Assert.Equal(Words(a.Outputs, sample, 32), Words(used.Outputs, sample, 32));
            Assert.Equal(Words(a.Bias, sample, 16), Words(used.Bias, sample, 16));
        }
        Assert.Equal(4, used.Samples);
    }

    private static PulseTrains Draw(PulseScheme scheme, Tensor x, Tensor delta, Rng rng)
    {
        var trains = new PulseTrains(x.shape[1], delta.shape[1]);
        scheme.Draw(x, delta, Rate, Step, rng, trains);
        return trains;
    }

    private static int[] Words(Tensor words, int sample, long lines) => words.data<int>().ToArray().AsSpan((int)(sample * words.shape[1]), (int)lines).ToArray();
}
