using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.Networks;

/// <summary>What an LSTM keeps from one segment of text to the next.</summary>
/// <param name="Hidden">Outputs (h), float32 [layers, batch, hidden].</param>
/// <param name="Cell">Cells (c), float32 [layers, batch, hidden].</param>
public readonly record struct LstmState(Tensor Hidden, Tensor Cell) : IDisposable
{
    /// <summary>The same numbers without their history, so that backward stops between segments: new tensors of the caller's.</summary>
    public LstmState Detach() => new(Hidden.detach(), Cell.detach());

    /// <inheritdoc/>
    public void Dispose()
    {
        Hidden.Dispose();
        Cell.Dispose();
    }
}

/// <summary>A network from tokens, int64 [time, batch], to a score for each token that may come next, float32 [time, batch, vocabulary].</summary>
/// <remarks>Scores are logits. Dropout, if there is any, draws from torch's global generator in train mode.</remarks>
public abstract class LanguageModel : Module<Tensor, Tensor>
{
    /// <summary>A model that is called this in messages.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    protected LanguageModel(string name, int vocabulary, int layers, params ReadOnlySpan<int> widths) : base(name)
    {
        var smallest = Math.Min(vocabulary, layers);
        foreach (var width in widths)
            smallest = Math.Min(smallest, width);
        if (smallest < 1)
        {
            throw new ArgumentOutOfRangeException(
                null, $"{name} needs a positive vocabulary, number of layers and widths, but got {vocabulary}, {layers} and [{string.Join(", ", widths.ToArray())}].");
        }
    }

    /// <summary>The recurrent layers.</summary>
    protected abstract LSTM Recurrence { get; }

    /// <summary>The scores of a segment that begins with nothing in memory.</summary>
    /// <exception cref="ArgumentException">The tokens are of another type or shape.</exception>
    public sealed override Tensor forward(Tensor tokens)
    {
        var (scores, state) = Continue(tokens);
        state.Dispose();
        return scores;
    }

    /// <summary>The scores of a segment that follows another, and the state that it leaves behind; state and scores are the caller's.</summary>
    /// <param name="tokens">int64 [time, batch].</param>
    /// <param name="state">What the segment before left behind; null means zeros.</param>
    /// <exception cref="ArgumentException">The tokens are of another type or shape, or the state is that of another batch.</exception>
    public (Tensor Scores, LstmState State) Continue(Tensor tokens, LstmState? state = null)
    {
        if (tokens.dim() != 2 || tokens.dtype != ScalarType.Int64)
            throw new ArgumentException($"{GetName()} takes tokens as int64 [time, batch], but got {tokens.dtype} [{string.Join(", ", tokens.shape)}].", nameof(tokens));
        if (state is { } given && given.Hidden.shape[1] != tokens.shape[1])
        {
            throw new ArgumentException(
                $"{GetName()} continues with as many texts as the state is for, {given.Hidden.shape[1]}, but got tokens [{string.Join(", ", tokens.shape)}].",
                nameof(state));
        }
        using var scope = NewDisposeScope();
        var (outputs, hidden, cell) = Recurrence.call(Embed(tokens), state is { } before ? (before.Hidden, before.Cell) : null);
        return (Decode(outputs).MoveToOuterDisposeScope(), new(hidden.MoveToOuterDisposeScope(), cell.MoveToOuterDisposeScope()));
    }

    /// <summary>Vectors of the tokens, [time, batch, width].</summary>
    protected abstract Tensor Embed(Tensor tokens);

    /// <summary>Scores of the outputs, [time, batch, vocabulary].</summary>
    protected abstract Tensor Decode(Tensor outputs);
}
