using AnalogTorch.Core;
using AnalogTorch.Examples.Language;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Training steps of a decoder: digital, and aware of the hardware that it is to be programmed into.</summary>
internal sealed class DecoderContest : Contest
{
    private readonly LlamaDecoder digital, analog;
    private readonly optim.Optimizer digitalStep, analogStep;
    private readonly Tensor tokens;

    /// <param name="seed">The seed.</param>
    public DecoderContest(long seed)
    {
        var config = new LlamaConfig { Vocabulary = 512, Width = 256, Inner = 688, Layers = 4, Heads = 8, KeyValueHeads = 4 };
        (digital, analog) = (new(config, seed), new(config, seed));
        analog.ToAnalog(DecoderStudy.Awareness, seed, DecoderStudy.Head);
        (digitalStep, analogStep) = (optim.AdamW(digital.parameters(), 1e-4), optim.AdamW(analog.parameters(), 1e-4));
        tokens = new TokenInput(config.Vocabulary, 65, BatchFirst: true).Example(16, Rng.FromSeed(seed).Split("tokens"));
    }

    public override void Digital() => Step(digital, digitalStep);

    public override void Analog() => Step(analog, analogStep);

    public override void Dispose()
    {
        digitalStep.Dispose();
        analogStep.Dispose();
        digital.Dispose();
        analog.Dispose();
        tokens.Dispose();
    }

    private void Step(LlamaDecoder model, optim.Optimizer optimizer)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        functional.cross_entropy(model.call(tokens[.., ..^1]).flatten(0, 1), tokens[.., 1..].flatten()).backward();
        optimizer.step();
    }
}
