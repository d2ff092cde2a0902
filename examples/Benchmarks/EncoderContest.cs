using AnalogTorch.Core;
using AnalogTorch.Examples.Language;
using AnalogTorch.Inference;
using AnalogTorch.Models.Networks;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Inference of an encoder of the size of all-MiniLM-L6-v2, digital and on a chip.</summary>
internal sealed class EncoderContest : Contest
{
    private readonly BertEncoder digital, analog;
    private readonly IDisposable chip;
    private readonly Tensor tokens;

    /// <param name="seed">The seed.</param>
    public EncoderContest(long seed)
    {
        (digital, analog) = (new(BertConfig.MiniLm, seed), new(BertConfig.MiniLm, seed));
        digital.eval();
        analog.eval();
        chip = analog.Program(SentenceStudy.Hardware, seed).DriftTo(Units.Day);
        tokens = new TokenInput(BertConfig.MiniLm.Vocabulary, 16, BatchFirst: true).Example(32, Rng.FromSeed(seed).Split("tokens"));
    }

    public override void Digital() => Run(digital);

    public override void Analog() => Run(analog);

    public override void Dispose()
    {
        chip.Dispose();
        digital.Dispose();
        analog.Dispose();
        tokens.Dispose();
    }

    private void Run(BertEncoder network)
    {
        using var noGrad = no_grad();
        network.Embed(tokens).Dispose();
    }
}
