using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>One evaluated network that two threads call at the same time, against one thread that does half of the work.</summary>
/// <remarks>The ratio is 1 where the threads do not hinder each other, and 2 where they take turns; the throughput of two threads is 2 ÷ ratio that of one.</remarks>
internal sealed class SharedContest : Contest
{
    private const int Size = 512, Batch = 64, Calls = 40;
    private readonly Sequential model;
    private readonly IDisposable? chip;
    private readonly Tensor[] inputs;

    /// <param name="deploy">Puts the network on hardware; what it returns is disposed of in the end.</param>
    /// <param name="seed">The seed.</param>
    public SharedContest(Func<Sequential, long, IDisposable?> deploy, long seed)
    {
        model = Sequential(("fc1", Linear(Size, Size)), ("act", ReLU()), ("fc2", Linear(Size, Size)));
        chip = deploy(model, seed);
        model.eval();
        inputs = [.. Enumerable.Range(0, 2).Select(thread => Noise.Uniform(Rng.FromSeed(seed).Split(thread), [Batch, Size]))];
    }

    public override bool UsesOneThread => false;

    public override void Digital() => Evaluate(0);

    public override void Analog()
    {
        var other = new Thread(() => Evaluate(1));
        other.Start();
        Evaluate(0);
        other.Join();
    }

    public override void Dispose()
    {
        chip?.Dispose();
        model.Dispose();
        foreach (var input in inputs)
            input.Dispose();
    }

    private void Evaluate(int thread)
    {
        using var noGrad = no_grad();
        for (var call = 0; call < Calls; call++)
        {
            using var scope = NewDisposeScope();
            model.call(inputs[thread]);
        }
    }
}
