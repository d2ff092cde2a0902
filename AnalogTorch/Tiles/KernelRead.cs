using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>How an array is read at every place of a map, and what an update learns from that.</summary>
internal abstract record KernelRead
{
    /// <summary>Number of dimensions of the map.</summary>
    public abstract int Dimensions { get; }

    /// <summary>Outputs, and where asked for the graph from which a gradient of the weights comes.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="call">The call.</param>
    /// <param name="x">Inputs [samples, channels, …].</param>
    /// <param name="keepsGraph">Whether a gradient of the weights is wanted that takes a graph.</param>
    public abstract (Tensor Y, WeightGraph? Graph) Forward(Tile tile, TileCall call, Tensor x, bool keepsGraph);

    /// <summary>What torch is to keep for the backward pass of weights that are not in memory; the inputs first, if they are needed.</summary>
    /// <param name="call">The call.</param>
    /// <param name="x">Inputs [samples, channels, …].</param>
    public abstract List<Tensor> Saves(TileCall call, Tensor x);

    /// <summary>Gradients by the inputs, as a read from the output side gives them, and by the weights.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="call">The call.</param>
    /// <param name="delta">Gradients by the outputs [samples, outputs, …].</param>
    /// <param name="inputShape">Shape of the inputs.</param>
    /// <param name="wantsInput">Whether somebody asks for the gradient by the inputs.</param>
    /// <param name="x">The inputs, where they were kept.</param>
    /// <param name="graph">What <see cref="Forward"/> gave.</param>
    public abstract (Tensor? Input, Tensor? Weight) Backward(
        Tile tile, TileCall call, Tensor delta, long[] inputShape, bool wantsInput, Tensor? x, WeightGraph? graph);

    /// <summary>Numbers that one sample takes as examples.</summary>
    /// <param name="x">Inputs [samples, channels, …].</param>
    /// <param name="delta">Gradients by the outputs [samples, outputs, …].</param>
    public abstract long ElementsOfSample(Tensor x, Tensor delta);

    /// <summary>Inputs [places, groups, inputs of a group] and errors [places, outputs of the array] of some samples.</summary>
    /// <param name="x">Inputs [samples, channels, …].</param>
    /// <param name="delta">Gradients by the outputs [samples, outputs, …].</param>
    public abstract (Tensor X, Tensor Delta) Examples(Tensor x, Tensor delta);
}

/// <summary>Inputs and errors of a layer whose array is read at every place: each place of each sample is an example.</summary>
internal sealed class KernelExample(Tensor x, Tensor delta, KernelRead read) : LearningExample
{
    private const long ElementsOfBatch = 4 << 20; // of unfolded numbers: 16 MB
    private readonly Tensor x = x.DetachFromDisposeScope(), delta = delta.DetachFromDisposeScope();

    public override IEnumerable<(Tensor X, Tensor Delta)> Batches()
    {
        var samples = x.shape[0];
        var samplesOfBatch = Math.Clamp(ElementsOfBatch / Math.Max(read.ElementsOfSample(x, delta), 1), 1, Math.Max(samples, 1));
        var first = 0L;
        do // a batch without samples is one too
        {
            yield return Rows(first, Math.Min(samplesOfBatch, samples - first));
            first += samplesOfBatch;
        }
        while (first < samples);
    }

    public override void Dispose()
    {
        x.Dispose();
        delta.Dispose();
    }

    private (Tensor X, Tensor Delta) Rows(long first, long count)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (rows, errors) = read.Examples(x.narrow(0, first, count), delta.narrow(0, first, count));
        if (rows.shape[1] > 1)
        {
            var padded = zeros(rows.shape[0], rows.shape[1], PulseTrains.LinesOfGroup(rows.shape[2]), device: x.device);
            padded.narrow(2, 0, rows.shape[2]).copy_(rows);
            rows = padded;
        }
        return (Kept(rows.flatten(1)), Kept(errors));

        static Tensor Kept(Tensor tensor) => tensor.contiguous().MoveToOuterDisposeScope().DetachFromDisposeScope();
    }
}
