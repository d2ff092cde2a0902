using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>One fully connected layer twice, with the same inputs and gradients by its outputs: torch's own, and one to be made analog.</summary>
internal sealed class LayerPair : IDisposable
{
    private const int Batches = 8; // so many and as many again with the opposite sign, so that no weight drifts
    private readonly (Tensor X, Tensor Delta)[] batches;
    private readonly int[] next = new int[2];

    /// <summary>A pair of square layers.</summary>
    /// <param name="size">Number of inputs and of outputs.</param>
    /// <param name="batch">Samples of a step.</param>
    /// <param name="gradient">Largest gradient by an output; inputs lie in ±1, and both are uniform.</param>
    /// <param name="seed">Seed of all numbers.</param>
    public LayerPair(int size, int batch, double gradient, long seed)
    {
        var rng = Rng.FromSeed(seed);
        Digital = Linear(size, size);
        ToBeAnalog = Linear(size, size);
        using (no_grad())
        {
            foreach (var (from, to) in Digital.parameters().Zip(ToBeAnalog.parameters()))
                to.copy_(from);
        }
        var drawn = Enumerable.Range(0, Batches).Select(i => (
            X: Uniform(rng.Split("x").Split(i), batch, size).mul_(2f).sub_(1f),
            Delta: Uniform(rng.Split("delta").Split(i), batch, size).mul_(2f).sub_(1f).mul_((float)gradient))).ToArray();
        batches = [.. drawn, .. drawn.Select(pair => (pair.X, pair.Delta.neg()))];
    }

    /// <summary>Torch's layer.</summary>
    public Linear Digital { get; }

    /// <summary>Its twin.</summary>
    public Linear ToBeAnalog { get; }

    /// <summary>The next batch of a side, 0 or 1.</summary>
    public (Tensor X, Tensor Delta) Next(int side) => batches[next[side]++ % batches.Length];

    /// <summary>Forward and backward, to the inputs as well, as in the middle of a network.</summary>
    public static void ForwardBackward(Linear layer, (Tensor X, Tensor Delta) batch)
    {
        using var x = batch.X.detach().requires_grad_(true);
        layer.call(x).backward([batch.Delta]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Digital.Dispose();
        ToBeAnalog.Dispose();
        foreach (var (x, delta) in batches)
        {
            x.Dispose();
            delta.Dispose();
        }
    }

    private static Tensor Uniform(Rng rng, long rows, long columns) => Noise.Uniform(rng, [rows, columns]);
}
