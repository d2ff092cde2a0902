using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>A word model with dropout: embedding, LSTM layers, linear layer to the words, which may share the embedding's weights.</summary>
/// <remarks>
/// W. Zaremba, I. Sutskever, O. Vinyals, "Recurrent neural network regularization", arXiv:1409.2329 (2014); shared weights: O. Press, L. Wolf, "Using
/// the output embedding to improve language models", EACL 2017. Names and start values are those of PyTorch's example word_language_model.
/// </remarks>
public sealed class WordLstm : LanguageModel, IArchitectures
{
    private readonly Dropout drop;
    private readonly Embedding encoder;
    private readonly LSTM rnn;
    private readonly Linear decoder;
    private readonly bool tied;

    /// <summary>The network with start values of a seed: embedding and last layer uniform in ±0.1, the LSTM as PyTorch does it.</summary>
    /// <param name="vocabulary">Number of words.</param>
    /// <param name="embedding">Width of the embedding.</param>
    /// <param name="hidden">Width of each LSTM layer.</param>
    /// <param name="layers">Number of LSTM layers.</param>
    /// <param name="dropout">Share of values set to zero before, between and after the LSTM layers in training.</param>
    /// <param name="tied">Whether the last layer's weight is the embedding itself, one parameter under two names.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <exception cref="ArgumentException">The weights are tied but embedding and hidden width differ.</exception>
    public WordLstm(int vocabulary = 10_000, int embedding = 200, int hidden = 200, int layers = 2, double dropout = 0.2, bool tied = false, long seed = 0)
        : base(nameof(WordLstm), vocabulary, layers, embedding, hidden)
    {
        if (tied && embedding != hidden)
            throw new ArgumentException($"WordLstm with tied weights needs an embedding as wide as its layers, but got {embedding} and {hidden}.", nameof(tied));
        drop = Dropout(dropout);
        encoder = Embedding(vocabulary, embedding);
        rnn = LSTM(embedding, hidden, layers, dropout: layers > 1 ? dropout : 0);
        decoder = Linear(hidden, vocabulary);
        this.tied = tied;
        Tie();
        RegisterComponents();
        StartValues.Draw(this, seed, parameter =>
            parameter.Name == "decoder.bias" ? Start.Constant(0)
            : parameter.Layer == encoder || parameter.Layer == decoder ? Start.Uniform(0.1)
            : null);
    }

    /// <inheritdoc/>
    public static IEnumerable<Architecture> Architectures => [Of("word_lstm", 4_653_200, tied: false), Of("word_lstm_tied", 4_653_200, tied: true)];

    /// <summary>The parameters, a shared one once, as PyTorch lists them: an optimizer would move it twice otherwise.</summary>
    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
        base.named_parameters(recurse).DistinctBy(named => named.parameter.Handle);

    /// <inheritdoc cref="named_parameters"/>
    public override IEnumerable<Parameter> parameters(bool recurse = true) => base.parameters(recurse).DistinctBy(parameter => parameter.Handle);

    /// <inheritdoc/>
    protected override LSTM Recurrence => rnn;

    /// <inheritdoc/>
    protected override Tensor Embed(Tensor tokens) => drop.call(encoder.call(tokens));

    /// <inheritdoc/>
    protected override Tensor Decode(Tensor outputs) => decoder.call(drop.call(outputs));

    /// <inheritdoc/>
    protected override void _toEpilog(ScalarType? dtype, Device? device, bool nonBlocking)
    {
        base._toEpilog(dtype, device, nonBlocking);
        Tie(); // a move has made two parameters of the shared one
    }

    private void Tie()
    {
        if (tied)
            decoder.weight = encoder.get_parameter("weight")!;
    }

    private static Architecture Of(string name, long elements, bool tied) => new()
    {
        Name = name,
        Source = "W. Zaremba, I. Sutskever, O. Vinyals, Recurrent neural network regularization, arXiv:1409.2329 (2014)",
        Outputs = 10_000,
        Elements = elements,
        Inputs = [new TokenInput(10_000, 35)],
        Build = (vocabulary, seed) => new WordLstm(vocabulary, tied: tied, seed: seed),
    };
}
