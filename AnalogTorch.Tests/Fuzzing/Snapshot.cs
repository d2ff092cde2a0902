using AnalogTorch.Checkpoints;
using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Fuzzing;

/// <summary>Every bit that a loader may change: parameters, devices, counters, the optimizer, torch's generator.</summary>
internal sealed class Snapshot
{
    private readonly byte[] bytes;

    private Snapshot(byte[] bytes) => this.bytes = bytes;

    public static Snapshot Of(nn.Module model, OptimizerHelper? optimizer = null)
    {
        using var stream = new MemoryStream();
        using var scope = NewDisposeScope();
        foreach (var tensor in model.state_dict().Values)
            stream.Write(tensor.bytes);
        foreach (var (_, tile) in model.AllTiles())
            if (tile is HardwareAwareTile aware)
                foreach (var counter in aware.Counters)
                    stream.Write(BitConverter.GetBytes(counter));
        if (optimizer is not null)
            OptimizerEntry.Write(stream, optimizer);
        stream.Write(get_rng_state().bytes);
        return new(stream.ToArray());
    }

    public void AssertEqual(Snapshot before, string what) => Assert.True(bytes.AsSpan().SequenceEqual(before.bytes), $"Refused, but changed something: {what}");
}
