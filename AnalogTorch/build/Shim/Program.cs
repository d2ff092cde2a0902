// Run by Shim.targets with two paths: TorchSharp's library for Linux, and the copy to make of it.
using AnalogTorch;

try
{
    string unfinished = $"{args[1]}.{Environment.ProcessId}";
    File.WriteAllBytes(unfinished, ElfVersionNeed.MakeOptional(File.ReadAllBytes(args[0])));
    File.Move(unfinished, args[1], overwrite: true);
    return 0;
}
catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
{
    // In the form that MSBuild shows as an error of the build.
    Console.Error.WriteLine($"{args[0]} : error SHIM001: {failure.Message} AnalogTorch/build/README.md says what this library is for.");
    return 1;
}
