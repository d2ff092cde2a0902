using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>What a pulse update needs of one call: inputs and errors, kept from the backward pass to the step of the optimizer.</summary>
internal abstract class LearningExample : IDisposable
{
    /// <summary>The inputs [samples, inputs] and errors [samples, outputs], in as many batches as memory suggests.</summary>
    /// <remarks>With several groups the inputs are [samples, groups · inputs padded to 16]. The caller disposes of each batch.</remarks>
    public abstract IEnumerable<(Tensor X, Tensor Delta)> Batches();

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Inputs and errors that are rows already; the example owns the tensors.</summary>
internal sealed class RowExample(Tensor x, Tensor delta) : LearningExample
{
    private readonly Tensor x = x.DetachFromDisposeScope(), delta = delta.DetachFromDisposeScope();

    public override IEnumerable<(Tensor X, Tensor Delta)> Batches()
    {
        yield return (x.alias(), delta.alias());
    }

    public override void Dispose()
    {
        x.Dispose();
        delta.Dispose();
    }
}
