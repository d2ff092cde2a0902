using AnalogTorch.Core;
using CsCheck;

namespace AnalogTorch.Tests.Core;

public class RngTests
{
    [Fact]
    public void SplitMix64GivesThePublishedSequence()
    {
        // Outputs for the seed 1234567, from the reference implementation by Vigna (splitmix64.c), as widely published.
        ulong[] published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        var state = 1234567UL;
        Assert.All(published, expected => Assert.Equal(expected, Rng.Mix(state += 0x9E3779B97F4A7C15)));
    }

    [Fact]
    public void ASeedIsTheFirstNumberOfItsSequence() => Assert.Equal(6457827717110365317UL, Rng.FromSeed(1234567).Key);

    [Fact]
    public void SplittingDoesNotDependOnWhatElseIsSplit() => Gen.Select(Gen.Long, Gen.String, Gen.String).Sample((seed, a, b) =>
    {
        var rng = Rng.FromSeed(seed);
        var before = rng.Split(a);
        _ = rng.Split(b).Split(7);
        Assert.Equal(before, rng.Split(a));
        Assert.Equal(a == b, rng.Split(a) == rng.Split(b));
        Assert.NotEqual(rng.Split(a).Split(b + "x"), rng.Split(b + "x").Split(a + "y"));
    });

    [Fact]
    public void ChildrenOfOneStreamDiffer()
    {
        var rng = Rng.FromSeed(1);
        var keys = Enumerable.Range(-500, 1000).Select(index => rng.Split(index).Key).Concat(Enumerable.Range(0, 1000).Select(index => rng.Split($"{index}").Key));
        Assert.Equal(2000, keys.Distinct().Count());
    }

    [Fact]
    public void MixIsABijection() =>
        // The inverse of each xor-shift and of each multiplication by an odd number exists; undo them one by one.
        Gen.ULong.Sample(word => Assert.Equal(word, Unmix(Rng.Mix(word))));

    private static ulong Unmix(ulong z)
    {
        z = UnshiftXor(z, 31) * Inverse(0x94D049BB133111EB);
        z = UnshiftXor(z, 27) * Inverse(0xBF58476D1CE4E5B9);
        return UnshiftXor(z, 30);
    }

    private static ulong UnshiftXor(ulong z, int shift)
    {
        var result = z;
        for (var known = shift; known < 64; known += shift)
            result = z ^ (result >> shift);
        return result;
    }

    private static ulong Inverse(ulong odd)
    {
        var inverse = odd;
        for (var i = 0; i < 6; i++)
            inverse *= 2 - odd * inverse;
        return inverse;
    }
}
