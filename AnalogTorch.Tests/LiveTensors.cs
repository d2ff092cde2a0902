using TorchSharp;

namespace AnalogTorch.Tests;

/// <summary>Counts the native tensors that are alive, so that a test can say that none was left behind.</summary>
/// <remarks>What earlier tests left to their finalizers may go at any time, so it is made to go before the first count; later counts may fall, but must not rise.</remarks>
internal static class LiveTensors
{
    /// <summary>The count, once all that is garbage is gone.</summary>
    public static long Settled()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return torch.Tensor.TotalCount;
    }

    /// <summary>Fails if more tensors are alive than there were. It collects nothing, so a tensor left to its finalizer counts as left behind.</summary>
    public static void AssertNoneSince(long settled)
    {
        var count = torch.Tensor.TotalCount;
        Assert.True(count <= settled, $"{count - settled} tensors were left behind.");
    }
}
