using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Modules that are no layers of torch's, but compute y = x·Wᵀ + b with a matrix of their own, as a rule says.</summary>
/// <param name="weight">The parameter or buffer [outputs, inputs] of a module.</param>
/// <param name="bias">The parameter or buffer [outputs] of a module; null for none.</param>
internal sealed class OwnLinearKind(Func<nn.Module, Tensor?> weight, Func<nn.Module, Tensor?> bias) : LayerKind
{
    private const double Close = 1e-4; // of float32 sums, relative to the largest value
    private static readonly ConditionalWeakTable<nn.Module, OwnLinearKind> Modules = [];
    private static readonly ConditionalWeakTable<Tensor, Parameter> Buffers = [];

    /// <summary>What a rule said of a module; null for nothing.</summary>
    public static OwnLinearKind? Known(nn.Module module) => Modules.TryGetValue(module, out var kind) ? kind : null;

    /// <summary>A parameter or buffer of a module by name; null for none.</summary>
    public static Tensor? Named(nn.Module module, string name) =>
        module.named_parameters(recurse: false).FirstOrDefault(entry => entry.name == name).parameter
        ?? module.named_buffers(recurse: false).FirstOrDefault(entry => entry.name == name).buffer;

    public override bool Handles(nn.Module module) => Known(module) == this;

    public override IEnumerable<LayerMatrix> Matrices(nn.Module module) => [new("", AsParameter(weight(module)!), bias(module) is { } values ? AsParameter(values) : null)];

    public override long Reads(nn.Module module, LayerCall call) => call.InputRows;

    public override IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        var run = new LinearRun(module, tiles[0], () => (AsParameter(weight(module)!), bias(module) is { } values ? AsParameter(values) : null));
        return StandInHooks.Install((nn.Module<Tensor, Tensor>)module, tiles[0].Gate, run.StandIn, run.Run);
    }

    /// <summary>Refuses a module that computes something else, or whose matrix the hardware cannot hold; notes what it is otherwise.</summary>
    /// <exception cref="ArgumentException">The module is refused.</exception>
    public void Check(string name, nn.Module module, LayerHardware hardware)
    {
        if (module is not nn.Module<Tensor, Tensor> layer || All.Any(kind => kind.Handles(module)))
            throw Refused(name, "it is a layer that is known by its class; use LayerRule.Of or LayerRule.Named");
        var (matrix, offsets) = (weight(module), bias(module));
        if (matrix is null || matrix.dim() != 2 || !IsOwn(module, matrix))
            throw Refused(name, "its weight must be a parameter or buffer [outputs, inputs] of the module");
        if (offsets is not null && (offsets.dim() != 1 || offsets.shape[0] != matrix.shape[0] || !IsOwn(module, offsets)))
            throw Refused(name, $"its bias must be a parameter or buffer [{matrix.shape[0]}] of the module");
        if (hardware is TileConfig && (matrix is not Parameter || (offsets is not null and not Parameter)))
            throw Refused(name, "its matrix is in a buffer, which has no gradient to train it in memory by; make it a parameter, or program it");
        hardware.Check(name, AsParameter(matrix), offsets is null ? null : AsParameter(offsets));
        if (Difference(layer, matrix, offsets) is { } difference)
            throw Refused(name, difference);
        Modules.AddOrUpdate(module, this);
    }

    /// <summary>What a module computes otherwise than a linear layer; null for nothing.</summary>
    private static string? Difference(nn.Module<Tensor, Tensor> module, Tensor matrix, Tensor? offsets)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var wasTraining = module.training;
        module.eval();
        try
        {
            var x = Noise.Uniform(Rng.FromSeed(0).Split("probe"), [3, matrix.shape[1]], matrix.device).mul_(2f).sub_(1f);
            var expected = nn.functional.linear(x, matrix, offsets);
            var y = module.forward(x.clone());
            if (!y.shape.SequenceEqual(expected.shape))
                return $"it gives [{string.Join(", ", y.shape)}] for an input [{string.Join(", ", x.shape)}], and not x·Wᵀ + b, which is [{string.Join(", ", expected.shape)}]";
            var off = (y - expected).abs().max().item<float>();
            if (!(off <= Close * Math.Max(1e-30, expected.abs().max().item<float>())))
                return $"it does not compute x·Wᵀ + b with that weight and bias: a random input gives something that is off by {off:G2}";
            return module.forward(x.narrow(0, 0, 0)).shape.SequenceEqual([0, matrix.shape[0]]) ? null : "it gives something for an input without rows";
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return $"it cannot run on a random input [3, {matrix.shape[1]}], or on one without rows: {exception.Message.Split('\n')[0].TrimEnd('.')}";
        }
        finally
        {
            module.train(wasTraining);
        }
    }

    private static bool IsOwn(nn.Module module, Tensor tensor) =>
        module.named_parameters().Any(entry => entry.parameter.Handle == tensor.Handle) || module.named_buffers().Any(entry => entry.buffer.Handle == tensor.Handle);

    /// <summary>A parameter as it is; a buffer as one without gradients in the same memory, the same at every call.</summary>
    private static Parameter AsParameter(Tensor tensor) =>
        tensor as Parameter ?? Buffers.GetValue(tensor, buffer => new Parameter(buffer.detach().DetachFromDisposeScope(), requires_grad: false));

    private static ArgumentException Refused(string name, string why) => new($"{name} cannot be put on a tile as a linear layer: {why}.");
}
