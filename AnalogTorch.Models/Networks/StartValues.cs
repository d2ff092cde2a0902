using AnalogTorch.Core;
using AnalogTorch.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Models.Networks;

/// <summary>How the values of one parameter are drawn: offset + scale·(uniform in ±1, standard normal, or nothing).</summary>
internal readonly record struct Start(Start.Kind Distribution, double Scale, double Offset)
{
    internal enum Kind { Constant, Uniform, Normal }

    public static Start Constant(double value) => new(Kind.Constant, 0, value);

    /// <summary>Uniform in ±bound.</summary>
    public static Start Uniform(double bound) => new(Kind.Uniform, bound, 0);

    public static Start Normal(double deviation) => new(Kind.Normal, deviation, 0);
}

/// <summary>A parameter and the layer that owns it.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Name">The parameter's full name, such as <c>layer1.0.conv1.weight</c>.</param>
/// <param name="Weight">Shape of the layer's weight, also if the parameter is the bias: [outputs, inputs, …], for recurrent layers that of the recurrent one.</param>
internal sealed record StartedParameter(Module Layer, string Name, long[] Weight)
{
    public bool IsBias => Name.EndsWith("bias", StringComparison.Ordinal);

    /// <summary>Products that one output sums up.</summary>
    public long FanIn => Weight.Skip(1).Aggregate(1L, (product, size) => product * size);

    /// <summary>PyTorch's count of outputs that one input reaches: it leaves groups out of account.</summary>
    public long FanOut => Weight[0] * FanIn / Weight[1];

    public bool IsConvolution => Layer is Convolution;

    public bool IsLinear => Layer is Linear;

    public bool IsRecurrent => Layer is LSTM or GRU;
}

/// <summary>Draws the start values of a network from a seed, each parameter from the stream of its name, so that none depends on another.</summary>
/// <remarks>Torch's layers draw theirs from torch's global generator when they are built; these take their place.</remarks>
internal static class StartValues
{
    /// <summary>Draws every parameter of a network.</summary>
    /// <param name="network">The network, with all its layers registered.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="rule">What a parameter starts with; null, or a rule that gives null, means as PyTorch does it.</param>
    public static void Draw(Module network, long seed, Func<StartedParameter, Start?>? rule = null)
    {
        using var noGrad = no_grad();
        var rng = Rng.FromSeed(seed).Split("start");
        foreach (var (path, layer) in network.named_modules())
        {
            foreach (var (name, parameter) in layer.named_parameters(recurse: false))
            {
                var full = path.Length == 0 ? name : $"{path}.{name}";
                var started = new StartedParameter(layer, full, WeightShape(layer, parameter));
                Fill(parameter, rule?.Invoke(started) ?? Torch(started), rng.Split(full));
            }
        }
    }

    /// <summary>Kaiming normal of the given fan, for ReLU: deviation √(2/fan).</summary>
    public static Start KaimingNormal(long fan) => Start.Normal(Math.Sqrt(2.0 / fan));

    /// <summary>PyTorch's rules: ±1/√fan for linear and convolution, ±1/√hidden for recurrent layers, normal for embeddings, 1 and 0 for norms.</summary>
    private static Start Torch(StartedParameter parameter) => parameter switch
    {
        { IsLinear: true } or { IsConvolution: true } or { IsRecurrent: true } => Start.Uniform(1 / Math.Sqrt(parameter.FanIn)),
        { Layer: Embedding } => Start.Normal(1),
        { Layer: BatchNorm or LayerNorm } => Start.Constant(parameter.IsBias ? 0 : 1),
        _ => throw new NotSupportedException($"StartValues knows no rule for '{parameter.Name}' of {parameter.Layer.GetType().Name}."),
    };

    private static void Fill(Parameter parameter, Start start, Rng rng)
    {
        if (start.Distribution == Start.Kind.Constant)
        {
            parameter.fill_(start.Offset);
            return;
        }
        using var values = start.Distribution == Start.Kind.Normal ? Noise.Normal(rng, parameter.shape) : Noise.Uniform(rng, parameter.shape).mul_(2).sub_(1);
        parameter.copy_(values.mul_((float)start.Scale));
    }

    private static long[] WeightShape(Module layer, Parameter parameter) => layer switch
    {
        Linear linear => linear.weight!.shape,
        Convolution convolution => convolution.weight!.shape,
        LSTM or GRU => layer.get_parameter("weight_hh_l0")!.shape,
        _ => parameter.shape,
    };
}
