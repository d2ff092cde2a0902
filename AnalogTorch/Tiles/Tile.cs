using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>What a layer runs on in place of torch's own product: it reads the weights as the hardware does.</summary>
/// <remarks>The parameters stay with the layer and are handed in at every call, since a move to another torch device replaces them.</remarks>
public abstract class Tile : IDisposable
{
    private Exception? fault;

    private protected Tile(string name, Tensor weight) => (Name, Outputs, Inputs) = (name, weight.size(0), weight.size(-1));

    /// <summary>The layer's name.</summary>
    public string Name { get; }

    /// <summary>The hardware.</summary>
    public abstract HardwareConfig Hardware { get; }

    /// <summary>Number of inputs, the constant one of the bias not counted.</summary>
    public long Inputs { get; }

    /// <summary>Number of outputs.</summary>
    public long Outputs { get; }

    /// <summary>Everything that the hardware holds, as a torch module.</summary>
    public abstract nn.Module State { get; }

    /// <summary>Number of weights in the array, bias included.</summary>
    public abstract long WeightCount { get; }

    /// <summary>Number of devices that are simulated one by one.</summary>
    public abstract long DeviceCount { get; }

    /// <summary>Keeps an exception that must not leave a backward pass, where it would end the process; it is thrown later.</summary>
    public void Keep(Exception exception) => fault ??= exception;

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>What the layer is, in messages.</summary>
    internal abstract string Kind { get; }

    /// <summary>What the weights meet, in a few words.</summary>
    internal abstract string Note { get; }

    /// <summary>Refuses inputs that the tile cannot take, in a sentence that names the layer.</summary>
    internal void Check(Tensor x, Tensor weight)
    {
        if (weight.dtype != ScalarType.Float32)
            throw new InvalidOperationException($"{Name}: the weights of an analog tile must stay float32, but are {weight.dtype}; do not convert an analog model to another dtype.");
        if (x.dim() == 0 || x.size(-1) != Inputs)
            throw new ArgumentException($"{Name}: the input must be [..., {Inputs}], but is [{string.Join(", ", x.shape)}]; its last dimension is the number of inputs.");
        if (x.dtype != ScalarType.Float32)
            throw new ArgumentException($"{Name}: the input must be float32, but is {x.dtype}; convert it with .to(torch.float32).");
        // Outside of a graph, a path that looks at every input anyway says so itself; inside of one, nothing may throw once the node is made.
        if (x.device_type == DeviceType.CPU && (is_grad_enabled() || !ForwardPath.TakesPasses(x)) && !IsFinite(x))
            throw NotFinite();
    }

    /// <summary>Runs the layer.</summary>
    /// <param name="x">Inputs [..., inputs].</param>
    /// <param name="weight">The layer's weights as they are now.</param>
    /// <param name="bias">The layer's bias as it is now, or null.</param>
    /// <param name="training">Whether the layer is in training mode.</param>
    /// <returns>Outputs [..., outputs].</returns>
    internal Tensor Apply(Tensor x, Tensor weight, Tensor? bias, bool training)
    {
        try
        {
            return x.dim() == 2
                ? ApplyRows(x, weight, bias, training)
                : ApplyRows(x.reshape(-1, Inputs), weight, bias, training).reshape([.. x.shape[..^1], Outputs]);
        }
        catch (NotFiniteNumberException)
        {
            throw NotFinite();
        }
    }

    /// <summary>Refuses weights that no tile can be built from.</summary>
    private protected static void Check(string name, string purpose, Tensor weight, Tensor? bias)
    {
        if (weight.dtype != ScalarType.Float32 || weight.dim() != 2)
            throw new ArgumentException($"{name}: the weights of an analog tile must be a float32 matrix, but are {weight.dtype} [{string.Join(", ", weight.shape)}]; convert the model with .to(torch.float32) first.");
        using var scope = NewDisposeScope();
        foreach (var (role, values) in new[] { ("weights", weight), ("bias", bias) })
            if (values is not null && !values.isfinite().all().item<bool>())
                throw new ArgumentException($"{name}: the {role} to {purpose} must be finite, but hold NaN or infinity; check the model before converting it.");
    }

    /// <summary>The path of the forward read.</summary>
    private protected abstract AnalogPath ForwardPath { get; }

    /// <summary>Runs the layer on samples, one a row.</summary>
    private protected abstract Tensor ApplyRows(Tensor x, Tensor weight, Tensor? bias, bool training);

    /// <summary>What went wrong in the last backward pass, to be thrown; null if nothing did.</summary>
    private protected InvalidOperationException? TakeFault()
    {
        if (fault is not { } exception)
            return null;
        fault = null;
        return new($"{Name}: the backward pass failed: {exception.Message}", exception);
    }

    private ArgumentException NotFinite() =>
        new($"{Name}: the input must be finite, but holds NaN or infinity; check the data, or lower the learning rate.");

    private static bool IsFinite(Tensor x)
    {
        if (x.is_contiguous())
            return float.IsFinite(TrainSampler.AbsMax(x));
        using var contiguous = x.detach().contiguous();
        return float.IsFinite(TrainSampler.AbsMax(contiguous));
    }
}
