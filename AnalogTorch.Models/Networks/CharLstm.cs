using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>A character model: an embedding, LSTM layers of the same width, a linear layer to the characters.</summary>
/// <remarks>A. Karpathy, "The unreasonable effectiveness of recurrent neural networks" and its program char-rnn (2015).</remarks>
public sealed class CharLstm : LanguageModel, IArchitectures
{
    private readonly Embedding embedding;
    private readonly LSTM lstm;
    private readonly Linear decoder;

    /// <summary>The network with PyTorch's start values, drawn from a seed.</summary>
    /// <param name="vocabulary">Number of different characters.</param>
    /// <param name="hidden">Width of the embedding and of each LSTM layer.</param>
    /// <param name="layers">Number of LSTM layers.</param>
    /// <param name="seed">Seed of the start values.</param>
    public CharLstm(int vocabulary = 65, int hidden = 128, int layers = 2, long seed = 0) : base(nameof(CharLstm), vocabulary, layers, hidden)
    {
        embedding = Embedding(vocabulary, hidden);
        lstm = LSTM(hidden, hidden, layers);
        decoder = Linear(hidden, vocabulary);
        RegisterComponents();
        StartValues.Draw(this, seed);
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures =>
    [
        new()
        {
            Name = "char_lstm",
            Source = "A. Karpathy, The unreasonable effectiveness of recurrent neural networks, and its program char-rnn (2015)",
            Outputs = 65,
            Elements = 280_897,
            Inputs = [new TokenInput(65, 50)],
            Build = (vocabulary, seed) => new CharLstm(vocabulary, seed: seed),
        },
    ];

    /// <inheritdoc/>
    protected override LSTM Recurrence => lstm;

    /// <inheritdoc/>
    protected override Tensor Embed(Tensor tokens) => embedding.call(tokens);

    /// <inheritdoc/>
    protected override Tensor Decode(Tensor outputs) => decoder.call(outputs);
}
