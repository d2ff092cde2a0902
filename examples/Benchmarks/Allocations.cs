using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>What one step allocates once it is warm.</summary>
/// <param name="ManagedBytes">Bytes of .NET objects.</param>
/// <param name="NativeBytesKept">Bytes by which the native heap has grown for good; 0 is the steady state, NaN is not known.</param>
/// <param name="Tensors">Tensors made, all of them freed again within the step.</param>
internal sealed record Allocations(double ManagedBytes, double NativeBytesKept, double Tensors)
{
    /// <summary>Counts over some steps.</summary>
    public static Allocations Of(Action step, int steps)
    {
        var statistics = DisposeScopeManager.Statistics;
        Settle();
        var (managed, native, tensors) = (GC.GetAllocatedBytesForCurrentThread(), NativeHeap.BytesInUse, Created());
        for (var i = 0; i < steps; i++)
        {
            using var scope = NewDisposeScope();
            step();
        }
        managed = GC.GetAllocatedBytesForCurrentThread() - managed;
        tensors = Created() - tensors;
        Settle();
        return new((double)managed / steps, (NativeHeap.BytesInUse - native) / steps, (double)tensors / steps);

        long Created() => statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount;
    }

    private static void Settle()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    /// <summary>The heap of the C library, which torch allocates tensors from.</summary>
    private static class NativeHeap
    {
        /// <summary>Bytes handed out and not given back; NaN where the C library does not tell.</summary>
        public static double BytesInUse
        {
            get
            {
                if (!OperatingSystem.IsLinux())
                    return double.NaN;
                try
                {
                    var info = Read();
                    return (double)info.InUse + info.Mapped;
                }
                catch (EntryPointNotFoundException)
                {
                    return double.NaN; // a C library other than glibc 2.33 or later
                }
            }
        }

        [DllImport("libc", EntryPoint = "mallinfo2")]
        private static extern Info Read();

        /// <summary>The struct of <c>malloc.h</c>, in its order.</summary>
        private readonly record struct Info(
            nuint Arena, nuint FreeChunks, nuint FastBlocks, nuint MappedRegions, nuint Mapped, nuint Unused, nuint FastBytes, nuint InUse, nuint Free, nuint Top);
    }
}
