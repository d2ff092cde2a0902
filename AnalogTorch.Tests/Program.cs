using AnalogTorch.Tests.Checkpoints;
using AnalogTorch.Tests.MlNet;

namespace AnalogTorch.Tests;

/// <summary>The tests as a program: what must run in a process of its own.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => arguments switch
    {
        [CheckpointWriter.Argument, var path] => CheckpointWriter.Run(path),
        [DropoutTraining.Argument, var path, var optimizer, var analog] => DropoutTraining.Run(path, optimizer, analog),
        [ModelReader.Argument, var path] => ModelReader.Run(path),
        _ => 1,
    };
}
