using System.Numerics;
using AnalogTorch.Kernels;
using CsCheck;

namespace AnalogTorch.Tests.Kernels;

/// <summary>Integer operations of registers, by hardware and by hand, against those of single words.</summary>
public class WideTests
{
    [Fact]
    public void BitsAreCountedAtEveryWidth()
    {
        Check<Lane128>();
        Check<Lane256>();
        Check<Lane512>();

        static void Check<T>() where T : struct, IWide<T> => Gen.UInt.Sample(word =>
        {
            var expected = (uint)BitOperations.PopCount(word);
            Assert.True(Equal(T.PopCount(T.Bits(word)), expected));
            Assert.True(Equal(Wide.PopCount(T.Bits(word)), expected));
        });
    }

    [Fact]
    public void LanesAreShiftedByTheirOwnCounts()
    {
        Check<Lane128>();
        Check<Lane256>();
        Check<Lane512>();

        static void Check<T>() where T : struct, IWide<T> => Gen.Select(Gen.UInt, Gen.UInt[0, 40]).Sample((word, count) =>
        {
            var expected = count < 32 ? word << (int)count : 0;
            Assert.True(Equal(T.ShiftLeft(T.Bits(word), T.Bits(count)), expected));
            Assert.True(Equal(Wide.ShiftLeft(T.Bits(word), T.Bits(count)), expected));
        });
    }

    [Fact]
    public void WordsOfSixteenBitsAreReadWithoutSign()
    {
        Check<Lane128>();
        Check<Lane256>();
        Check<Lane512>();

        static unsafe void Check<T>() where T : struct, IWide<T>
        {
            var words = stackalloc ushort[16];
            for (var i = 0; i < 16; i++)
                words[i] = (ushort)(0xFFF0 + i);
            Assert.True(T.IsZero(T.SubtractInt(T.LoadWords(words), T.AddInt(T.Indices, T.Bits(0xFFF0)))));
        }
    }

    [Fact]
    public void EveryWidthOfThisComputerIsAnEngine()
    {
        var names = Engines.All.Select(engine => engine.Name).ToArray();
        Assert.Equal(Lane512.IsSupported, names.Contains("fused-512"));
        Assert.Equal(Lane256.IsSupported, names.Contains("fused-256"));
        Assert.Contains("fused-128", names);
        Assert.Equal(["tensor", "scalar"], names[^2..]);
    }

    private static bool Equal<T>(T lanes, uint expected) where T : struct, IWide<T> => T.IsZero(T.SubtractInt(lanes, T.Bits(expected)));
}
