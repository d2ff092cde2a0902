using AnalogTorch.Models.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Inference of the 784-250-125-10 network on 10,000 images, 1,000 at a time; a step is all of them.</summary>
internal sealed class InferenceContest : Contest
{
    private const int Images = 10_000, BatchSize = 1000;
    private readonly Digits digits;
    private readonly Sequential digital, analog;
    private readonly IDisposable? chip;

    /// <param name="digits">The images.</param>
    /// <param name="deploy">Puts a trained network on hardware; what it returns is disposed of in the end.</param>
    /// <param name="seed">The seed.</param>
    public InferenceContest(Digits digits, Func<Sequential, long, IDisposable?> deploy, long seed)
    {
        this.digits = digits;
        digital = Mlp.Create(Digits.Network, seed);
        analog = Mlp.Create(Digits.Network, seed);
        digital.eval();
        analog.eval();
        chip = deploy(analog, seed);
    }

    public override void Digital() => Run(digital);

    public override void Analog() => Run(analog);

    public override void Dispose()
    {
        chip?.Dispose();
        digital.Dispose();
        analog.Dispose();
    }

    private void Run(Sequential model)
    {
        using var noGrad = no_grad();
        for (var start = 0; start < Images; start += BatchSize)
        {
            using var scope = NewDisposeScope();
            model.call(digits.Batch(start, BatchSize).Images);
        }
    }
}
