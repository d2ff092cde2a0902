using System.Runtime.InteropServices;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Transfer;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>A network at work, for as many readers as there are; they take turns.</summary>
internal sealed class RunningNetwork : IDisposable
{
    private readonly Lock sync = new();
    private readonly FeatureScaling? scaling;
    private readonly ProgrammedModel<Module<Tensor, Tensor>>? chip;
    private readonly int features;
    private readonly int outputs;
    private bool isDisposed;

    public RunningNetwork(SavedNetwork saved)
    {
        (features, outputs) = (saved.Features, saved.Task.Outputs);
        scaling = saved.BuildScaling();
        Network = saved.Build();
        chip = saved.Chip is { } on ? Network.Program(on.Config, on.Seed).DriftTo(on.After) : null;
    }

    public Module<Tensor, Tensor> Network { get; }

    /// <summary>Computes the outputs of some examples. A batch of the same number meets the same noise whenever it is computed.</summary>
    /// <param name="inputs">Features, example by example.</param>
    /// <param name="results">Where the outputs go to, example by example.</param>
    /// <param name="count">Number of examples.</param>
    /// <param name="batch">Number of the batch.</param>
    public void Compute(float[] inputs, float[] results, int count, long batch)
    {
        lock (sync)
        {
            ObjectDisposedException.ThrowIf(isDisposed, typeof(AnalogNetworkTransformer));
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            Network.SeekEvaluation(batch % int.MaxValue);
            var x = empty(count, features);
            MemoryMarshal.AsBytes(inputs.AsSpan(0, count * features)).CopyTo(x.bytes);
            var y = Network.call(scaling is null ? x : scaling.call(x)).contiguous();
            MemoryMarshal.Cast<byte, float>(y.bytes)[..(count * outputs)].CopyTo(results);
        }
    }

    public void Dispose()
    {
        lock (sync)
        {
            if (isDisposed)
                return;
            isDisposed = true;
            chip?.Dispose();
            Network.Dispose();
            scaling?.Dispose();
        }
    }
}
