using AnalogTorch.Core;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>Who sees what tiles read, while somebody looks.</summary>
internal sealed class TileObservers
{
    /// <summary>Takes the inputs of every read while ranges are measured; null at other times.</summary>
    public InputRecord? Record { get; set; }

    /// <summary>Sees the outputs of every read [samples, outputs, …], without a digital bias; null if nobody looks.</summary>
    public Action<Tensor>? Watch { get; set; }

    /// <summary>Sees what drives every read: the inputs, or from the output side the errors; null if nobody looks.</summary>
    public Action<Tensor, ReadSide>? Driven { get; set; }
}

/// <summary>A matrix as the reads of one call find it from one side: all of them find the same.</summary>
/// <param name="Size">The largest tile.</param>
/// <param name="Path">The path from this side.</param>
/// <param name="Weights">The weights [outputs, inputs].</param>
/// <param name="Bias">The weights of the constant input [outputs]; null if there is none in the array.</param>
/// <param name="Units">What outputs stand for; null if a cell at full conductance is a weight of 1.</param>
/// <param name="Offsets">What is added to outputs beside the converters, other than a bias [outputs]; null for nothing.</param>
/// <param name="DigitalBias">A bias that is added beside the converters [outputs]; null if there is none.</param>
/// <param name="Stream">The stream of the reads.</param>
/// <param name="Observers">Who looks.</param>
internal sealed record TileReading(
    TileSize Size, AnalogPath Path, Tensor Weights, Tensor? Bias, OutputScale? Units, Tensor? Offsets, Tensor? DigitalBias, Rng Stream, TileObservers Observers)
{
    /// <summary>Whether a read takes no pass of its own, because there is nothing to convert or nothing to read.</summary>
    /// <param name="x">What drives it.</param>
    public bool IsPlain(Tensor x) => Path.IsExact || x.NumberOfElements == 0;

    /// <summary>Reads each group of outputs by itself, from the input side.</summary>
    /// <param name="groups">How many.</param>
    /// <param name="rows">The inputs of a group [samples, inputs].</param>
    /// <returns>Outputs of every group [samples, outputs].</returns>
    public Tensor[] ForwardGroups(long groups, Func<long, Tensor> rows)
    {
        var (read, outputs) = (new Tensor[groups], Weights.shape[0] / groups);
        for (var group = 0L; group < groups; group++)
        {
            using var units = Units?.Narrow(group * outputs, outputs);
            read[group] = Size.Read(
                Path, Size.MaxInputs, rows(group), Weights.narrow(0, group * outputs, outputs), Bias?.detach().narrow(0, group * outputs, outputs), units, StreamOf(group));
        }
        return read;
    }

    /// <summary>Reads each group of outputs by itself, from the output side.</summary>
    /// <param name="groups">How many.</param>
    /// <param name="weights">Weights as <see cref="Reversed"/> gives them.</param>
    /// <param name="rows">The errors of a group [samples, outputs].</param>
    /// <returns>Gradients by the inputs of every group [samples, inputs].</returns>
    public Tensor[] BackwardGroups(long groups, Tensor weights, Func<long, Tensor> rows)
    {
        var (read, outputs) = (new Tensor[groups], weights.shape[0] / groups);
        for (var group = 0L; group < groups; group++)
            read[group] = Size.Read(Path, Size.MaxOutputs, rows(group), weights.narrow(0, group * outputs, outputs).t(), null, null, StreamOf(group));
        return read;
    }

    /// <summary>Reads rows of inputs: x·Wᵀ + b as the hardware gives it.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <returns>Outputs [samples, outputs].</returns>
    public Tensor Forward(Tensor x) => Forward(x, Stream);

    /// <summary>The same for one of several reads of a call.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="part">The number of the read.</param>
    public Tensor Forward(Tensor x, long part) => Forward(x, Stream.Split("part").Split(part));

    /// <summary>Reads rows of errors from the output side: δ·W as the hardware gives it.</summary>
    /// <param name="delta">Gradients by the outputs [samples, outputs].</param>
    /// <returns>Gradients by the inputs [samples, inputs].</returns>
    public Tensor Backward(Tensor delta) => Backward(delta, Stream);

    /// <summary>The same for one of several reads of a call.</summary>
    /// <param name="delta">Gradients by the outputs [samples, outputs].</param>
    /// <param name="part">The number of the read.</param>
    public Tensor Backward(Tensor delta, long part) => Backward(delta, Stream.Split("part").Split(part));

    /// <summary>Errors and weights as a read from the output side finds them where outputs have units of their own.</summary>
    /// <param name="delta">Gradients by the outputs [samples, outputs, …].</param>
    public (Tensor Delta, Tensor Weights) Reversed(Tensor delta)
    {
        if (Units is null)
            return (delta, Weights);
        var weights = Units.Corrected(Weights, Size.MaxInputs);
        if (Path.IsExact)
            return (delta, weights);
        var unit = Units.Unit.view([1, -1, .. Enumerable.Repeat(1L, (int)delta.dim() - 2)]);
        return (delta * unit, weights * Units.PerUnit.unsqueeze(1)); // errors drive the lines with the weight that a cell stands for
    }

    private Tensor Forward(Tensor x, Rng stream)
    {
        Observers.Record?.Add(x);
        Observers.Driven?.Invoke(x, ReadSide.Inputs);
        var y = x.NumberOfElements == 0 ? zeros([x.shape[0], Weights.shape[0]], device: x.device) : Size.Read(Path, Size.MaxInputs, x, Weights, Bias, Units, stream);
        Observers.Watch?.Invoke(y);
        if (Offsets is not null)
            y.add_(Offsets, LastingScalars.One);
        return DigitalBias is null ? y : y.add_(DigitalBias, LastingScalars.One);
    }

    private Tensor Backward(Tensor delta, Rng stream)
    {
        if (delta.NumberOfElements == 0)
            return zeros([delta.shape[0], Weights.shape[1]], device: delta.device);
        if (Units is null)
        {
            Observers.Driven?.Invoke(delta, ReadSide.Outputs);
            using var transposed = Weights.t();
            return Size.Read(Path, Size.MaxOutputs, delta, transposed, null, null, stream);
        }
        using var scope = NewDisposeScope();
        var (errors, weights) = Reversed(delta);
        Observers.Driven?.Invoke(errors, ReadSide.Outputs);
        return Size.Read(Path, Size.MaxOutputs, errors, weights.t(), null, null, stream).MoveToOuterDisposeScope();
    }

    private Rng StreamOf(long group) => Stream.Split("group").Split(group);
}
