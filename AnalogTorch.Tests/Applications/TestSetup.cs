using System.Runtime.CompilerServices;

[assembly: CollectionBehavior(DisableTestParallelization = true)] // for the reason that the tests of the library give

namespace AnalogTorch.Tests.Applications;

internal static class TestSetup
{
    [ModuleInitializer]
    internal static void AsForTheLibrary() => Tests.TestSetup.UseOneTorchThread();
}
