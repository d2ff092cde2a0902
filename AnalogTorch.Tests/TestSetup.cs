using System.Runtime.CompilerServices;

// TorchSharp lets the garbage collector free the Scalar of an operation such as x.mul(2) while native code still reads it. The
// collector runs when another thread allocates, so tests in parallel fail now and then with "Unknown scalar type".
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace AnalogTorch.Tests;

internal static class TestSetup
{
    // Sums depend on the number of threads.
    [ModuleInitializer]
    internal static void UseOneTorchThread()
    {
        TorchSharp.torch.set_num_threads(1);
        TorchSelfCheck.Run(); // else what convolutions are compared with may be wrong itself
    }
}
