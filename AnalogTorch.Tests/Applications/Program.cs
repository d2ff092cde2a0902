using AnalogTorch.Tests.MlNet;

namespace AnalogTorch.Tests.Applications;

/// <summary>These tests as a program: what must run in a process of its own.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => arguments switch
    {
        [ModelReader.Argument, var path] => ModelReader.Run(path),
        _ => 1,
    };
}
