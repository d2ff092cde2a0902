using System.Runtime.CompilerServices;

namespace AnalogTorch.Kernels;

/// <summary>Work that is written once for registers of any width.</summary>
internal interface IWideWork
{
    /// <summary>Does the work in registers of one width.</summary>
    void Run<T>() where T : struct, IWide<T>;
}

/// <summary>The width of registers that the loops outside the pulse engines use: the widest that the computer has.</summary>
/// <remarks>Once <see cref="Engines"/> is set up, the choice is a constant to the just-in-time compiler, which drops the other branches.</remarks>
internal static class Wide
{
    /// <summary>Lanes of the widest register; rows of pulse words are padded to a multiple of it, whatever the computer has.</summary>
    public const int MostLanes = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TWork>(ref TWork work) where TWork : struct, IWideWork, allows ref struct
    {
        if (Lane512.IsSupported && Engines.WidestLanes >= 16)
            work.Run<Lane512>();
        else if (Lane256.IsSupported && Engines.WidestLanes >= 8)
            work.Run<Lane256>();
        else
            work.Run<Lane128>();
    }

    /// <summary>Number of set bits, by sums of ever wider groups of bits.</summary>
    public static T PopCount<T>(T a) where T : struct, IWide<T>
    {
        T two = T.Bits(0x55555555), four = T.Bits(0x33333333), eight = T.Bits(0x0F0F0F0F);
        a = T.SubtractInt(a, (a >>> 1) & two);
        a = T.AddInt(a & four, (a >>> 2) & four);
        a = T.AddInt(a, a >>> 4) & eight;
        return T.MultiplyInt(a, T.Bits(0x01010101)) >>> 24;
    }

    /// <summary>Shifts each lane by its own count, bit by bit of the count.</summary>
    public static T ShiftLeft<T>(T a, T counts) where T : struct, IWide<T>
    {
        T one = T.Bits(1), none = 0f;
        for (var bit = 0; bit < 5; bit++)
            a = T.Select(T.EqualInt((counts >>> bit) & one, one), Shifted(a, bit), a);
        return a & T.EqualInt(counts >>> 5, none);
    }

    private static T Shifted<T>(T a, int bit) where T : struct, IWide<T> => bit switch
    {
        0 => a << 1,
        1 => a << 2,
        2 => a << 4,
        3 => a << 8,
        _ => a << 16,
    };
}
