using AnalogTorch.Core;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>One call of a layer: all its reads find the same weights, and their noise is keyed by the number of the call.</summary>
/// <param name="Tile">The tile.</param>
/// <param name="Weight">The layer's weights as they are in this call.</param>
/// <param name="Bias">The layer's bias as it is in this call, or null.</param>
/// <param name="Training">Whether this is a call of training; the noise of others does not change that of a training.</param>
/// <param name="Number">The number of the call, among those of training or among the others.</param>
internal sealed record TileCall(Tile Tile, Tensor Weight, Tensor? Bias, bool Training, long Number)
{
    /// <summary>Whether backward is to keep what a pulse update needs.</summary>
    public bool WantsUpdate => Learns.Weights || Learns.Bias;

    /// <summary>Which parameters in memory learn from this call; the others are frozen.</summary>
    /// <remarks>In eval mode too, as in torch, where that mode does not keep a layer from learning.</remarks>
    public (bool Weights, bool Bias) Learns { get; } = Tile.LearnsByPulses && is_grad_enabled()
        ? (Weight.requires_grad, Tile.HasAnalogBias && Bias!.requires_grad)
        : (false, false);

    /// <summary>Whether torch asks for a gradient of the weights.</summary>
    public bool WantsWeight { get; } = (Tile.LearnsByGradient || Tile.ShowsGradients) && Weight.requires_grad && is_grad_enabled();

    /// <summary>Whether torch asks for a gradient of the bias.</summary>
    public bool WantsBias { get; } = Bias is { requires_grad: true } && (Tile.LearnsByGradient || Tile.ShowsGradients || !Tile.HasAnalogBias) && is_grad_enabled();

    /// <summary>Whether torch is given the gradient of a bias in the array.</summary>
    public bool ShowsBias => WantsBias && Tile.HasAnalogBias;

    /// <summary>The stream of the reads from the input side.</summary>
    public Rng ForwardStream { get; } = Tile.Stream.Split(Training ? "forward" : "evaluate").Split(Number);

    /// <summary>The stream of the reads from the output side.</summary>
    public Rng BackwardStream => Tile.Stream.Split("backward").Split(Number);

    /// <summary>The constant input's weights, if they are in the array.</summary>
    public Tensor? AnalogBias => Tile.HasAnalogBias ? Tile.BiasOf(this) : null;

    /// <summary>What outputs stand for; null if a cell at full conductance is a weight of 1.</summary>
    public OutputScale? Units => Tile.UnitsFor(this);

    /// <summary>Whether a read takes no pass of its own, because there is nothing to convert or nothing to read.</summary>
    /// <param name="path">The path.</param>
    /// <param name="x">Inputs.</param>
    public static bool IsPlain(AnalogPath path, Tensor x) => path.IsExact || x.NumberOfElements == 0;

    /// <summary>What is added to outputs beside the converters, other than a bias [outputs]; null for nothing.</summary>
    public Tensor? Offsets => Tile.OffsetsFor(this);

    /// <summary>Errors and weights as a read from the output side finds them where outputs have units of their own.</summary>
    /// <param name="units">The units.</param>
    /// <param name="delta">Gradients by the outputs, which are its dimension <paramref name="outputs"/>.</param>
    /// <param name="weights">Weights [outputs, inputs].</param>
    /// <param name="outputs">The dimension of the outputs.</param>
    public (Tensor Delta, Tensor Weights) Reversed(OutputScale units, Tensor delta, Tensor weights, int outputs)
    {
        weights = units.Corrected(weights, Tile.Size.MaxInputs);
        if (Tile.BackwardPath.IsExact)
            return (delta, weights);
        var shape = Enumerable.Repeat(1L, (int)delta.dim()).ToArray();
        shape[outputs] = -1;
        return (delta * units.Unit.view(shape), weights * units.PerUnit.unsqueeze(1)); // errors drive the lines with the weight that a cell stands for
    }

    /// <summary>The weights as the reads of this call find them [outputs, inputs].</summary>
    public Tensor Weights => Tile.WeightsOf(this);

    /// <summary>Reads rows of inputs: x·Wᵀ + b as the hardware gives it.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <returns>Outputs [samples, outputs].</returns>
    public Tensor Forward(Tensor x) => Forward(x, ForwardStream);

    /// <summary>The same for one of several reads of a call.</summary>
    /// <param name="x">Inputs [samples, inputs].</param>
    /// <param name="part">The number of the read.</param>
    public Tensor Forward(Tensor x, long part) => Forward(x, ForwardStream.Split("part").Split(part));

    /// <summary>Reads rows of errors from the output side: δ·W as the hardware gives it.</summary>
    /// <param name="delta">Gradients by the outputs [samples, outputs].</param>
    /// <returns>Gradients by the inputs [samples, inputs].</returns>
    public Tensor Backward(Tensor delta) => Backward(delta, BackwardStream);

    /// <summary>The same for one of several reads of a call.</summary>
    /// <param name="delta">Gradients by the outputs [samples, outputs].</param>
    /// <param name="part">The number of the read.</param>
    public Tensor Backward(Tensor delta, long part) => Backward(delta, BackwardStream.Split("part").Split(part));

    private Tensor Forward(Tensor x, Rng stream)
    {
        Tile.Record?.Add(x);
        Tile.Driven?.Invoke(x, ReadSide.Inputs);
        var y = x.NumberOfElements == 0 ? Nothing(x) : Tile.Size.Read(Tile.ForwardPath, Tile.Size.MaxInputs, x, Weights, AnalogBias, Units, stream);
        Tile.Watch?.Invoke(y);
        if (Offsets is { } offsets)
            y.add_(offsets, LastingScalars.One);
        return Bias is null || Tile.HasAnalogBias ? y : y.add_(Bias, LastingScalars.One);
    }

    /// <summary>What a layer gives for no samples.</summary>
    private Tensor Nothing(Tensor x) => zeros([x.shape[0], Tile.Outputs], device: x.device);

    private Tensor Backward(Tensor delta, Rng stream)
    {
        if (delta.NumberOfElements == 0)
            return zeros([delta.shape[0], Tile.Inputs], device: delta.device);
        if (Units is not { } units)
        {
            Tile.Driven?.Invoke(delta, ReadSide.Outputs);
            using var transposed = Weights.t();
            return Tile.Size.Read(Tile.BackwardPath, Tile.Size.MaxOutputs, delta, transposed, null, null, stream);
        }
        using var scope = NewDisposeScope();
        var (errors, weights) = Reversed(units, delta, Weights, outputs: 1);
        Tile.Driven?.Invoke(errors, ReadSide.Outputs);
        return Tile.Size.Read(Tile.BackwardPath, Tile.Size.MaxOutputs, errors, weights.t(), null, null, stream).MoveToOuterDisposeScope();
    }
}
