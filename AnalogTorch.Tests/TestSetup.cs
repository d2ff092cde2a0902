using System.Runtime.CompilerServices;

namespace AnalogTorch.Tests;

internal static class TestSetup
{
    // xunit runs tests in parallel already, and sums depend on the number of threads.
    [ModuleInitializer]
    internal static void UseOneTorchThread() => TorchSharp.torch.set_num_threads(1);
}
