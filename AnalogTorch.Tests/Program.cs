using System.Globalization;
using AnalogTorch.Tests.Checkpoints;
using AnalogTorch.Tests.Core;
using AnalogTorch.Tests.Mutation;
using AnalogTorch.Tests.Presets;

namespace AnalogTorch.Tests;

/// <summary>The tests as a program: what must run in a process of its own.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => arguments switch
    {
        [CheckpointWriter.Argument, var path] => CheckpointWriter.Run(path),
        [DropoutTraining.Argument, var path, var optimizer, var analog] => DropoutTraining.Run(path, optimizer, analog),
        [ExtensionProbe.Argument] => ExtensionProbe.Run(),
        [MutationRun.Argument, .. var parts] => MutationRun.Run(parts),
        [MutantTester.Argument] => MutantTester.Run(),
        [PairAblation.Argument, var folder, var images, var epochs, var seeds, .. var names] =>
            PairAblation.Run(folder, Whole(images), Whole(epochs), Whole(seeds), names),
        _ => 1,
    };

    private static int Whole(string argument) => int.Parse(argument, CultureInfo.InvariantCulture);
}
