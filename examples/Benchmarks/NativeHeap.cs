using System.Runtime.InteropServices;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The heap of the C library, which torch allocates tensors from.</summary>
internal static class NativeHeap
{
    /// <summary>Bytes handed out and not given back; not a number where the C library does not tell.</summary>
    public static double BytesInUse => Ask(() => Read() is var info ? (double)info.InUse + info.Mapped : 0);

    /// <summary>Gives what is free back to the system, which the C library otherwise keeps for later.</summary>
    public static void Trim() => Ask(() => GiveBack(0));

    // glibc 2.33 and later has both functions, other C libraries none of them.
    private static double Ask(Func<double> question)
    {
        if (!OperatingSystem.IsLinux())
            return double.NaN;
        try
        {
            return question();
        }
        catch (EntryPointNotFoundException)
        {
            return double.NaN;
        }
    }

    [DllImport("libc", EntryPoint = "mallinfo2")]
    private static extern Info Read();

    [DllImport("libc", EntryPoint = "malloc_trim")]
    private static extern int GiveBack(nuint keep);

    /// <summary>The struct of <c>malloc.h</c>, in its order.</summary>
    private readonly record struct Info(
        nuint Arena, nuint FreeChunks, nuint FastBlocks, nuint MappedRegions, nuint Mapped, nuint Unused, nuint FastBytes, nuint InUse, nuint Free, nuint Top);
}
