using System.Security.Cryptography;
using AnalogTorch.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Torture;

/// <summary>Every bit that a loader may change: parameters, devices, counters, the optimizer, torch's generator.</summary>
internal static class Snapshot
{
    /// <summary>The sum of all of them.</summary>
    public static string Of(nn.Module model, OptimizerHelper? optimizer = null)
    {
        using var scope = NewDisposeScope();
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, tensor) in model.state_dict())
            sum.AppendData(tensor.NumberOfElements == 0 ? [] : tensor.detach().contiguous().bytes);
        using var file = new MemoryStream();
        Checkpoint.Save(file, model, optimizer, new Checkpoints.TrainingState());
        foreach (var (name, content) in CraftedCheckpoint.Read(file).Entries)
            if (name != "manifest.json") // which holds the time
                sum.AppendData(content);
        return System.Convert.ToHexString(sum.GetHashAndReset());
    }
}
