using System.Runtime.InteropServices;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Transfer;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>A network at work, for as many readers as there are; they take turns. It is made when it is first needed.</summary>
internal sealed class RunningNetwork(SavedNetwork saved)
{
    private const int RecalibrationBatch = 256;
    private readonly Lock sync = new();
    private Parts? parts;

    public Module<Tensor, Tensor> Network
    {
        get
        {
            lock (sync)
                return Loaded().Network;
        }
    }

    /// <summary>Computes the outputs of some examples. A batch of the same number meets the same noise whenever it is computed.</summary>
    /// <param name="inputs">Features, example by example.</param>
    /// <param name="results">Where the outputs go to, example by example.</param>
    /// <param name="count">Number of examples.</param>
    /// <param name="batch">Number of the batch.</param>
    public void Compute(float[] inputs, float[] results, int count, long batch)
    {
        lock (sync)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var (network, scaling, _) = Loaded();
            network.SeekEvaluation(batch % int.MaxValue);
            var y = network.call(Inputs(inputs, count, scaling)).contiguous();
            MemoryMarshal.Cast<byte, float>(y.bytes)[..(count * saved.Task.Outputs)].CopyTo(results);
        }
    }

    /// <summary>
    /// Computes what each feature of some examples contributes to their only score: the score less that with 0 for the feature, in the same noise.
    /// </summary>
    /// <param name="inputs">Features, example by example.</param>
    /// <param name="results">Where the contributions go to, example by example.</param>
    /// <param name="count">Number of examples.</param>
    /// <param name="batch">Number of the batch.</param>
    public void Contribute(float[] inputs, float[] results, int count, long batch)
    {
        lock (sync)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var (network, scaling, _) = Loaded();
            var x = Inputs(inputs, count, scaling);
            var whole = Outputs(x);
            var scale = saved.Task.ScorePerOutput!.Value;
            for (var feature = 0; feature < saved.Features; feature++)
            {
                using var inner = NewDisposeScope();
                var without = x.clone();
                without.narrow(1, feature, 1).zero_();
                var rest = Outputs(without);
                for (var i = 0; i < count; i++)
                    results[i * saved.Features + feature] = (float)(scale * (whole[i] - rest[i]));
            }

            float[] Outputs(Tensor of)
            {
                network.SeekEvaluation(batch % int.MaxValue);
                return MemoryMarshal.Cast<byte, float>(network.call(of).contiguous().bytes)[..count].ToArray();
            }
        }
    }

    /// <summary>A programmed network with gains and offsets of its outputs found anew.</summary>
    /// <param name="saved">The network, and its chip.</param>
    /// <param name="features">Features to find them with, float32 [examples, features].</param>
    public static SavedNetwork Recalibrated(SavedNetwork saved, Tensor features)
    {
        var running = new RunningNetwork(saved);
        try
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var (_, scaling, chip) = running.Loaded();
            var inputs = scaling is null ? features : scaling.call(features);
            chip!.RecalibrateOutputs(inputs.split(RecalibrationBatch), (network, batch) => network.call(batch));
            return saved.On(saved.Chip! with { Corrections = chip.OutputCorrections.ToDictionary() });
        }
        finally
        {
            running.Unload();
        }
    }

    /// <summary>Frees the network until it is needed again.</summary>
    public void Unload()
    {
        lock (sync)
        {
            parts?.Chip?.Dispose();
            parts?.Network.Dispose();
            parts?.Scaling?.Dispose();
            parts = null;
        }
    }

    private Tensor Inputs(float[] features, int count, FeatureScaling? scaling)
    {
        var x = empty(count, saved.Features);
        MemoryMarshal.AsBytes(features.AsSpan(0, count * saved.Features)).CopyTo(x.bytes);
        return scaling is null ? x : scaling.call(x);
    }

    private Parts Loaded()
    {
        if (parts is not null)
            return parts;
        var network = saved.Build();
        var chip = saved.Chip is { } on ? network.Program(on.Config, on.Seed).DriftTo(on.After) : null;
        if (saved.Chip?.Corrections is { } corrections)
            chip!.OutputCorrections = corrections;
        return parts = new(network, saved.BuildScaling(), chip);
    }

    private sealed record Parts(Module<Tensor, Tensor> Network, FeatureScaling? Scaling, ProgrammedModel<Module<Tensor, Tensor>>? Chip);
}
