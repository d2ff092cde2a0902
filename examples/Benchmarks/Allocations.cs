using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>What one step allocates once it is warm.</summary>
/// <param name="ManagedBytes">Bytes of .NET objects.</param>
/// <param name="NativeBytesKept">Bytes by which the native heap has grown for good; 0 is the steady state, NaN is not known.</param>
/// <param name="Tensors">Tensors made, all of them freed again within the step.</param>
internal sealed record Allocations(double ManagedBytes, double NativeBytesKept, double Tensors)
{
    /// <summary>Counts over some steps, three times, and takes the medians: other threads of the runtime use the native heap as well.</summary>
    public static Allocations Of(Action step, int steps)
    {
        var counts = Enumerable.Range(0, 3).Select(_ => Once(step, steps)).ToArray();
        return new(
            Quantiles.Median(counts.Select(count => count.ManagedBytes)),
            Quantiles.Median(counts.Select(count => count.NativeBytesKept)),
            Quantiles.Median(counts.Select(count => count.Tensors)));
    }

    private static Allocations Once(Action step, int steps)
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
}
