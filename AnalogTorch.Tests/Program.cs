using AnalogTorch.Tests.Checkpoints;

namespace AnalogTorch.Tests;

/// <summary>The tests as a program: what must run in a process of its own, because a test kills it.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => arguments is [CheckpointWriter.Argument, var path] ? CheckpointWriter.Run(path) : 1;
}
